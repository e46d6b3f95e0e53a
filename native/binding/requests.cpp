// Field by field.
#include "binding/requests.h"

#include <chrono>
#include <utility>

#include "binding/pictures.h"
#include "binding/tensors.h"
#include "binding/values.h"
#include "common/error.h"

namespace bigtransfer::binding {
namespace {

model::ProblemType to_problem(const Napi::Value& name) {
  using model::ProblemType;
  return to_enum<ProblemType>(name, {{"regression", ProblemType::kRegression},
                                     {"single_label_classification", ProblemType::kSingleLabel},
                                     {"multi_label_classification", ProblemType::kMultiLabel}});
}

model::WeightsSource to_weights_source(const Napi::Object& value) {
  return {.files = to_strings(value["files"]),
          .allowed = {.mismatched_sizes = to_bool(value["ignoreMismatchedSizes"]),
                      .most_keys = to_bool(value["ignoreMissingKeys"])},
          .seed = static_cast<uint64_t>(to_int(value["seed"]))};
}

model::Wanted to_wanted(const Napi::Object& value) {
  return {.last_hidden_state = to_bool(value["lastHiddenState"]),
          .pooler_output = to_bool(value["poolerOutput"]),
          .logits = to_bool(value["logits"]),
          .hidden_states = to_bool(value["hiddenStates"]),
          .feature_maps = to_ints(value["featureMaps"])};
}

runtime::BatchLimits to_batch_limits(const Napi::Object& value) {
  constexpr double kMicrosecondsPerMs = 1000;
  return {.max_batch = to_int(value["maxBatch"]),
          .max_delay = std::chrono::microseconds(
              static_cast<int64_t>(to_double(value["maxDelayMs"]) * kMicrosecondsPerMs)),
          .max_queue = static_cast<size_t>(to_int(value["maxQueue"]))};
}

pictures::Picture to_picture(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  pictures::Picture picture{.pixels = {},
                            .file = {},
                            .resized_height = to_int(object["resizedHeight"]),
                            .resized_width = to_int(object["resizedWidth"])};
  const Bytes bytes = bytes_of(object["data"]);
  const Napi::Value encoding = object["encoding"];
  if (encoding.IsNull()) {
    picture.pixels = copy_bytes(
        bytes, {to_int(object["height"]), to_int(object["width"]), to_int(object["channels"])},
        at::kByte);
  } else {
    picture.file = {
        .encoding = to_enum<image::Encoding>(
            encoding, {{"jpeg", image::Encoding::kJpeg}, {"png", image::Encoding::kPng}}),
        .bytes = {reinterpret_cast<const char*>(bytes.data), bytes.size},
        .shrink = static_cast<int>(to_int(object["shrink"]))};
  }
  return picture;
}

pictures::PreprocessSteps to_preprocess_steps(const Napi::Object& value) {
  using ops::Resample;
  using Size = pictures::PreprocessSteps::Size;
  const auto to_size = [](const Napi::Value& size) {
    const auto object = size.As<Napi::Object>();
    return Size{to_int(object["height"]), to_int(object["width"])};
  };
  const auto to_doubles = [](const Napi::Value& list) {
    return to_vector<double>(list, to_double);
  };
  return {
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

}  // namespace

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
      .source = to_weights_source(value),
      .compute = {.device = to_string(value["device"]),
                  .dtype = to_string(value["dtype"]),
                  .allow_tf32 = to_bool(value["allowTf32"])},
      .batching = to_batch_limits(value.Get("batching").As<Napi::Object>()),
      .threads = static_cast<int>(to_int(value["threads"])),
      .description = to_string(value["description"]),
  };
}

runtime::ForwardRequest to_forward_request(const Napi::Object& value) {
  const Napi::Value labels = value["labels"];
  const Napi::Value pixels = value["pixelValues"];
  runtime::CallImages images{.pixel_values = {}, .pictures = to_staged(value["pictures"])};
  if (!pixels.IsNull()) images.pixel_values.parts.push_back(to_tensor(pixels));
  if (pixels.IsNull() && images.pictures.empty())
    throw Error(ErrorCode::kShape, "Expected at least one image");
  return {
      .images = std::move(images),
      .wanted = to_wanted(value.Get("wanted").As<Napi::Object>()),
      .labels = labels.IsNull() ? at::Tensor() : to_tensor(labels),
      .problem = to_optional<model::ProblemType>(value["problemType"], to_problem),
      .profile = to_bool(value["profile"]),
      .priority = static_cast<int>(to_int(value["priority"])),
  };
}

pictures::PreprocessRequest to_preprocess_request(const Napi::Object& value) {
  return {.picture = to_picture(value["picture"]),
          .steps = to_preprocess_steps(value.Get("steps").As<Napi::Object>()),
          .gpu_decode = to_bool(value["gpuDecode"])};
}

training::TrainerRequest to_trainer_request(const Napi::Object& value) {
  return {
      .spec = to_network_spec(value.Get("spec").As<Napi::Object>()),
      .prefix = to_string(value["prefix"]),
      .source = to_weights_source(value),
      .optimizer_file = to_string(value["optimizerFile"]),
      .zero_head = to_bool(value["zeroHead"]),
      .place = {.device = to_string(value["device"]),
                .dtype = to_string(value["dtype"]),
                .allow_tf32 = to_bool(value["allowTf32"])},
      .recompute = to_bool(value["gradientCheckpointing"]),
      .problem = to_problem(value["problemType"]),
      .rates = {.momentum = to_double(value["momentum"]),
                .weight_decay = to_double(value["weightDecay"])},
  };
}

training::MicroBatch to_micro_batch(const Napi::Object& value) {
  const auto to_mixing = [](const Napi::Value& given) {
    const auto object = given.As<Napi::Object>();
    return training::Mixing{.lambda = to_double(object["lambda"]),
                            .partners = at::tensor(to_ints(object["partners"]), at::kLong)};
  };
  return {
      .images = to_tensor(value["pixelValues"]),
      .labels = to_tensor(value["labels"]),
      .mixing = to_optional<training::Mixing>(value["mixing"], to_mixing),
      .weight = to_double(value["weight"]),
      .draws = {.seed = static_cast<uint64_t>(to_int(value["dropSeed"])),
                .first = to_int(value["first"]),
                .of = to_int(value["of"])},
  };
}

training::HeadFitterRequest to_head_fitter_request(const Napi::Object& value) {
  return {
      .problem = to_problem(value["problemType"]),
      .width = to_int(value["width"]),
      .outputs = to_int(value["outputs"]),
      .targets = to_tensor(value["targets"]),
      .folds = at::tensor(to_ints(value["folds"]), at::kLong),
  };
}

training::HeadFitRequest to_head_fit_request(const Napi::Object& value) {
  return {.fold = to_optional<int64_t>(value["fold"], to_int).value_or(training::kInEveryFit),
          .strength = to_double(value["strength"]),
          .gap = to_double(value["gap"])};
}

training::NewHeadRequest to_new_head_request(const Napi::Object& value) {
  return {.spec = to_network_spec(value.Get("spec").As<Napi::Object>()),
          .prefix = to_string(value["prefix"]),
          .source = to_weights_source(value),
          .weight = to_tensor(value["weight"]),
          .bias = to_tensor(value["bias"])};
}

}  // namespace bigtransfer::binding
