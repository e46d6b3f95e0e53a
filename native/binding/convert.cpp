// Field by field. TypeScript has validated the values, so a wrong type here is a bug of ours.
#include "binding/convert.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "binding/job.h"
#include "common/error.h"
#include "common/recycled_memory.h"
#include "runtime/cuda_backend.h"

namespace bigtransfer::binding {
namespace {

struct TypeRow {
  const char* name;
  at::ScalarType type;
  napi_typedarray_type array;
};

constexpr TypeRow kTypes[] = {
    {"float32", at::kFloat, napi_float32_array},    {"float16", at::kHalf, napi_uint16_array},
    {"bfloat16", at::kBFloat16, napi_uint16_array}, {"uint8", at::kByte, napi_uint8_array},
    {"int64", at::kLong, napi_bigint64_array},
};

constexpr size_t kLargeBuffer = size_t{1} << 20;

const TypeRow& row_of(at::ScalarType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row;
  }
  throw Error(ErrorCode::kShape, "A tensor has a type that JavaScript cannot hold");
}

int64_t to_int(const Napi::Value& value) { return value.As<Napi::Number>().Int64Value(); }
double to_double(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
bool to_bool(const Napi::Value& value) { return value.As<Napi::Boolean>().Value(); }
std::string to_string(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

template <typename T, typename Convert>
std::vector<T> to_vector(const Napi::Value& value, Convert convert) {
  const auto array = value.As<Napi::Array>();
  std::vector<T> items;
  items.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) items.push_back(convert(array.Get(i)));
  return items;
}

std::vector<int64_t> to_ints(const Napi::Value& value) { return to_vector<int64_t>(value, to_int); }

template <typename T, typename Convert>
std::optional<T> to_optional(const Napi::Value& value, Convert convert) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return convert(value);
}

template <typename T>
T to_enum(const Napi::Value& value, const std::map<std::string, T>& names) {
  const std::string name = to_string(value);
  const auto found = names.find(name);
  if (found == names.end()) throw Error(ErrorCode::kConfig, "Unknown value '" + name + "'");
  return found->second;
}

template <typename T, typename Convert>
Napi::Array from_vector(Napi::Env env, const std::vector<T>& items, Convert convert) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (uint32_t i = 0; i < items.size(); ++i) array.Set(i, convert(items[i]));
  return array;
}

Napi::Array from_ints(Napi::Env env, const std::vector<int64_t>& items) {
  return from_vector(env, items, [&](int64_t item) { return Napi::Number::New(env, item); });
}

Napi::Array from_strings(Napi::Env env, const std::vector<std::string>& items) {
  return from_vector(env, items,
                     [&](const std::string& item) { return Napi::String::New(env, item); });
}

Napi::Array from_layer_times(Napi::Env env, const std::vector<model::LayerTime>& layers) {
  return from_vector(env, layers, [&](const model::LayerTime& layer) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", layer.name);
    row.Set("milliseconds", layer.milliseconds);
    row.Set("multiplyAdds", static_cast<double>(layer.multiply_adds));
    return row;
  });
}

Napi::Array from_tensors(Napi::Env env, const std::vector<at::Tensor>& tensors) {
  return from_vector(env, tensors, [&](const at::Tensor& each) { return from_tensor(env, each); });
}

model::Wanted to_wanted(const Napi::Object& value) {
  return {.last_hidden_state = to_bool(value["lastHiddenState"]),
          .pooler_output = to_bool(value["poolerOutput"]),
          .logits = to_bool(value["logits"]),
          .hidden_states = to_bool(value["hiddenStates"]),
          .feature_maps = to_ints(value["featureMaps"])};
}

/// What JavaScript holds a decoded picture by.
using Staged = std::shared_ptr<const runtime::StagedPicture>;

/// The bytes that a typed array shows.
struct Bytes {
  uint8_t* data;
  size_t size;
};

Bytes bytes_of(const Napi::Value& value) {
  const auto array = value.As<Napi::TypedArray>();
  return {static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset(),
          array.ByteLength()};
}

at::Tensor copy_bytes(const Bytes& bytes, const std::vector<int64_t>& shape, at::ScalarType type) {
  at::Tensor tensor = empty_recycled(shape, type);
  if (tensor.nbytes() != bytes.size) {
    throw Error(ErrorCode::kShape, "Tensor data does not have as many values as its shape says");
  }
  if (bytes.size > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.size);
  return tensor;
}

/// Node-API's own way ends the process where there is no memory; JavaScript's constructor throws.
Napi::ArrayBuffer new_buffer(Napi::Env env, size_t bytes) {
  if (bytes < kLargeBuffer) return Napi::ArrayBuffer::New(env, bytes);
  try {
    const auto constructor = env.Global().Get("ArrayBuffer").As<Napi::Function>();
    const Napi::Value size = Napi::Number::New(env, static_cast<double>(bytes));
    return constructor.New({size}).As<Napi::ArrayBuffer>();
  } catch (const Napi::Error&) {
    throw Error(ErrorCode::kOutOfMemory,
                "Not enough memory for a result of " + std::to_string(bytes) + " bytes");
  }
}

runtime::BatchLimits to_batch_limits(const Napi::Object& value) {
  constexpr double kMicroseconds = 1000;
  return {.max_batch = to_int(value["maxBatch"]),
          .max_delay = std::chrono::microseconds(
              static_cast<int64_t>(to_double(value["maxDelayMs"]) * kMicroseconds)),
          .max_queue = static_cast<size_t>(to_int(value["maxQueue"]))};
}

runtime::Picture to_picture(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  runtime::Picture picture{.pixels = {},
                           .jpeg = {},
                           .jpeg_shrink = 1,
                           .resized_height = to_int(object["resizedHeight"]),
                           .resized_width = to_int(object["resizedWidth"])};
  const Bytes bytes = bytes_of(object["data"]);
  const Napi::Value shrink = object["jpegShrink"];
  if (shrink.IsNull()) {
    picture.pixels = copy_bytes(
        bytes, {to_int(object["height"]), to_int(object["width"]), to_int(object["channels"])},
        at::kByte);
  } else {
    picture.jpeg.assign(reinterpret_cast<const char*>(bytes.data), bytes.size);
    picture.jpeg_shrink = static_cast<int>(to_int(shrink));
  }
  return picture;
}

}  // namespace

at::Tensor to_tensor(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const std::string dtype = to_string(object["dtype"]);
  for (const TypeRow& row : kTypes) {
    if (dtype == row.name)
      return copy_bytes(bytes_of(object["data"]), to_ints(object["shape"]), row.type);
  }
  throw Error(ErrorCode::kShape, "Unknown tensor dtype '" + dtype + "'");
}

Napi::Object from_tensor(Napi::Env env, const at::Tensor& source) {
  const at::Tensor tensor = source.contiguous();
  const TypeRow& row = row_of(tensor.scalar_type());
  Napi::ArrayBuffer buffer = new_buffer(env, tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.const_data_ptr(), tensor.nbytes());
  napi_value array;
  NAPI_THROW_IF_FAILED(env,
                       napi_create_typedarray(env, row.array, static_cast<size_t>(tensor.numel()),
                                              buffer, 0, &array),
                       Napi::Object());
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", row.name);
  object.Set("shape", from_ints(env, tensor.sizes().vec()));
  object.Set("data", Napi::Value(env, array));
  return object;
}

Napi::Object from_pixels(const Client& client, const at::Tensor& pixels) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", row_of(pixels.scalar_type()).name);
  object.Set("shape", from_ints(env, pixels.sizes().vec()));
  // Let go of as soon as it is written: the garbage collector may take its time.
  const auto held = std::make_shared<at::Tensor>(pixels);
  const auto write = [held, &client](const Napi::CallbackInfo& info) {
    guarded(client, [&] {
      const Bytes target = bytes_of(info[0]);
      if (!held->defined() || target.size != held->nbytes())
        throw Error(ErrorCode::kShape, "The array does not have room for just these pixels");
      if (to_bool(info[1])) {
        Napi::ArrayBuffer whole = info[0].As<Napi::TypedArray>().ArrayBuffer();
        expect_writes(static_cast<std::byte*>(whole.Data()), whole.ByteLength());
      }
      std::memcpy(target.data, held->const_data_ptr(), target.size);
      held->reset();
    });
  };
  object.Set("writeTo", Napi::Function::New(env, write));
  return object;
}

Napi::Object from_staged(Napi::Env env, runtime::StagedPicture picture) {
  Napi::Object object = Napi::Object::New(env);
  std::vector<int64_t> shape = runtime::output_shape(picture);
  shape.insert(shape.begin(), 1);
  object.Set("shape", from_ints(env, shape));
  auto* held = new Staged(std::make_shared<const runtime::StagedPicture>(std::move(picture)));
  object.Set("handle",
             Napi::External<Staged>::New(env, held, [](Napi::Env, Staged* last) { delete last; }));
  return object;
}

runtime::StagedPictures to_staged(const Napi::Value& value) {
  return to_vector<Staged>(value, [](const Napi::Value& each) {
    Staged& held = *each.As<Napi::Object>().Get("handle").As<Napi::External<Staged>>().Data();
    if (!held) throw Error(ErrorCode::kShape, "A decoded picture can be used only once");
    return std::exchange(held, nullptr);
  });
}

model::NetworkSpec to_network_spec(const Napi::Object& value) {
  using model::LayerType;
  using model::PaddingRule;
  const Napi::Value padding = value["globalPadding"];
  const auto to_padding = [](const Napi::Value& name) {
    return to_enum<PaddingRule>(name,
                                {{"SAME", PaddingRule::kSame}, {"VALID", PaddingRule::kValid}});
  };
  return {
      .num_channels = to_int(value["numChannels"]),
      .embedding_size = to_int(value["embeddingSize"]),
      .hidden_sizes = to_ints(value["hiddenSizes"]),
      .depths = to_ints(value["depths"]),
      .layer_type = to_enum<LayerType>(
          value["layerType"],
          {{"preactivation", LayerType::kPreactivation}, {"bottleneck", LayerType::kBottleneck}}),
      .hidden_act = to_string(value["hiddenAct"]),
      .padding = padding.IsNull() ? PaddingRule::kSymmetric : to_padding(padding),
      .num_groups = to_int(value["numGroups"]),
      .drop_path_rate = to_double(value["dropPathRate"]),
      .embedding_dynamic_padding = to_bool(value["embeddingDynamicPadding"]),
      .output_stride = to_int(value["outputStride"]),
      .width_factor = to_double(value["widthFactor"]),
      .num_labels = to_optional<int64_t>(value["numLabels"], to_int),
  };
}

runtime::LoadRequest to_load_request(const Napi::Object& value) {
  return {
      .spec = to_network_spec(value.Get("spec").As<Napi::Object>()),
      .prefix = to_string(value["prefix"]),
      .files = to_strings(value["files"]),
      .allowed = {.mismatched_sizes = to_bool(value["ignoreMismatchedSizes"]),
                  .most_keys = to_bool(value["ignoreMissingKeys"])},
      .seed = static_cast<uint64_t>(to_int(value["seed"])),
      .device = to_string(value["device"]),
      .dtype = to_string(value["dtype"]),
      .allow_tf32 = to_bool(value["allowTf32"]),
      .batching = to_batch_limits(value.Get("batching").As<Napi::Object>()),
      .threads = static_cast<int>(to_int(value["threads"])),
      .description = to_string(value["description"]),
  };
}

runtime::ForwardRequest to_forward_request(const Napi::Object& value) {
  using model::ProblemType;
  const auto to_problem = [](const Napi::Value& name) {
    return to_enum<ProblemType>(name, {{"regression", ProblemType::kRegression},
                                       {"single_label_classification", ProblemType::kSingleLabel},
                                       {"multi_label_classification", ProblemType::kMultiLabel}});
  };
  const Napi::Value labels = value["labels"];
  const Napi::Value pixels = value["pixelValues"];
  model::RunInput input;
  if (!pixels.IsNull()) input.parts.push_back(to_tensor(pixels));
  return {
      .images = {.pixel_values = std::move(input), .pictures = to_staged(value["pictures"])},
      .wanted = to_wanted(value.Get("wanted").As<Napi::Object>()),
      .labels = labels.IsNull() ? at::Tensor() : to_tensor(labels),
      .problem = to_optional<ProblemType>(value["problemType"], to_problem),
      .profile = to_bool(value["profile"]),
      .priority = static_cast<int>(to_int(value["priority"])),
  };
}

runtime::PreprocessRequest to_preprocess_request(const Napi::Object& value) {
  using ops::Resample;
  using Size = runtime::PreprocessRequest::Size;
  const auto to_size = [](const Napi::Value& size) {
    const auto object = size.As<Napi::Object>();
    return Size{to_int(object["height"]), to_int(object["width"])};
  };
  const auto to_doubles = [](const Napi::Value& list) {
    return to_vector<double>(list, to_double);
  };
  return {
      .picture = to_picture(value["image"]),
      .resample = to_enum<Resample>(value["resample"], {{"nearest", Resample::kNearest},
                                                        {"lanczos", Resample::kLanczos},
                                                        {"bilinear", Resample::kBilinear},
                                                        {"bicubic", Resample::kBicubic},
                                                        {"box", Resample::kBox},
                                                        {"hamming", Resample::kHamming}}),
      .convert_rgb = to_bool(value["convertRgb"]),
      .crop = to_optional<Size>(value["crop"], to_size),
      .scaling = {.rescale_factor = to_optional<double>(value["rescaleFactor"], to_double),
                  .mean = to_optional<std::vector<double>>(value["imageMean"], to_doubles),
                  .std = to_optional<std::vector<double>>(value["imageStd"], to_doubles)},
  };
}

std::vector<std::string> to_strings(const Napi::Value& value) {
  return to_vector<std::string>(value, to_string);
}

Napi::Object from_forward_result(Napi::Env env, const runtime::ForwardResult& result) {
  Napi::Object object = Napi::Object::New(env);
  const auto set_tensor = [&](const char* name, const at::Tensor& tensor) {
    if (tensor.defined()) object.Set(name, from_tensor(env, tensor));
  };
  set_tensor("lastHiddenState", result.run.last_hidden_state);
  set_tensor("poolerOutput", result.run.pooler_output);
  set_tensor("logits", result.run.logits);
  set_tensor("loss", result.loss);
  const auto set_tensors = [&](const char* name, const std::vector<at::Tensor>& tensors) {
    if (!tensors.empty()) object.Set(name, from_tensors(env, tensors));
  };
  set_tensors("hiddenStates", result.run.hidden_states);
  set_tensors("featureMaps", result.run.feature_maps);
  if (!result.layers.empty()) object.Set("layers", from_layer_times(env, result.layers));
  if (!result.warnings.empty()) object.Set("warnings", from_strings(env, result.warnings));
  Napi::Object times = Napi::Object::New(env);
  times.Set("queuedMs", result.times.queued_ms);
  times.Set("computedMs", result.times.computed_ms);
  times.Set("batchCalls", static_cast<double>(result.times.batch_calls));
  times.Set("batchImages", static_cast<double>(result.times.batch_images));
  times.Set("first", result.times.first);
  object.Set("times", times);
  return object;
}

Napi::Object from_session_stats(Napi::Env env, const runtime::SessionStats& stats) {
  const auto count = [&](uint64_t number) {
    return Napi::Number::New(env, static_cast<double>(number));
  };
  Napi::Object object = Napi::Object::New(env);
  object.Set("waiting", count(stats.waiting));
  object.Set("running", count(stats.running));
  object.Set("completed", count(stats.calls.completed));
  object.Set("failed", count(stats.calls.failed));
  object.Set("cancelled", count(stats.calls.cancelled));
  object.Set("rejected", count(stats.calls.rejected));
  object.Set("bytes", count(static_cast<uint64_t>(stats.bytes)));
  Napi::Array batches = Napi::Array::New(env);
  for (const auto& [images, times] : stats.calls.batches) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("images", count(static_cast<uint64_t>(images)));
    row.Set("count", count(times));
    batches.Set(batches.Length(), row);
  }
  object.Set("batches", batches);
  Napi::Array buckets = Napi::Array::New(env);
  for (size_t i = 0; i < stats.calls.latency.size(); ++i) {
    Napi::Object row = Napi::Object::New(env);
    const bool is_last = i == runtime::kLatencyBounds.size();
    row.Set("upToMs", is_last ? INFINITY : runtime::kLatencyBounds.at(i));
    row.Set("count", count(stats.calls.latency.at(i)));
    buckets.Set(buckets.Length(), row);
  }
  object.Set("latency", buckets);
  object.Set("latencyTotalMs", stats.calls.latency_total_ms);
  return object;
}

Napi::Array from_devices(Napi::Env env) {
  const runtime::CudaBackend* backend = runtime::cuda_backend();
  if (backend == nullptr) return Napi::Array::New(env);
  int index = 0;
  // A card that does not answer any more has nothing to give.
  const auto free_memory = [&] {
    try {
      return backend->free_memory(index);
    } catch (const std::exception&) {
      return int64_t{0};
    }
  };
  return from_vector(env, backend->devices(), [&](const runtime::CudaDevice& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("capability", std::to_string(each.major) + "." + std::to_string(each.minor));
    row.Set("totalMemory", static_cast<double>(each.total_memory));
    row.Set("freeMemory", static_cast<double>(free_memory()));
    row.Set("problem", runtime::device_problem(index++));
    return row;
  });
}

Napi::Object from_loading_info(Napi::Env env, const model::LoadingInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("missingKeys", from_strings(env, info.missing));
  object.Set("unexpectedKeys", from_strings(env, info.unexpected));
  object.Set("mismatchedKeys",
             from_vector(env, info.mismatched, [&](const model::MismatchedKey& key) {
               Napi::Object row = Napi::Object::New(env);
               row.Set("name", key.name);
               row.Set("checkpointShape", from_ints(env, key.checkpoint_shape));
               row.Set("modelShape", from_ints(env, key.model_shape));
               return row;
             }));
  return object;
}

Napi::Array from_parameters(Napi::Env env, const std::vector<model::ParameterSpec>& parameters) {
  return from_vector(env, parameters, [&](const model::ParameterSpec& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("shape", from_ints(env, each.shape));
    return row;
  });
}

Napi::Array from_costs(Napi::Env env, const std::vector<model::StageCost>& rows) {
  return from_vector(env, rows, [&](const model::StageCost& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("outputShape", from_ints(env, each.output_shape));
    row.Set("parameters", Napi::Number::New(env, static_cast<double>(each.parameters)));
    row.Set("multiplyAdds", Napi::Number::New(env, static_cast<double>(each.multiply_adds)));
    return row;
  });
}

Napi::Array from_tensor_infos(Napi::Env env, const std::vector<checkpoint::TensorInfo>& tensors) {
  return from_vector(env, tensors, [&](const checkpoint::TensorInfo& each) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("name", each.name);
    row.Set("dtype", each.dtype_name);
    row.Set("shape", from_ints(env, each.shape));
    return row;
  });
}

}  // namespace bigtransfer::binding
