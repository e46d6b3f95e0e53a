// Each is let go of as soon as it is used.
#include "binding/pictures.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "binding/job.h"
#include "binding/tensors.h"
#include "binding/type_tags.h"
#include "binding/values.h"
#include "common/error.h"
#include "common/recycled_memory.h"

namespace bigtransfer::binding {
namespace {

/// What JavaScript holds a decoded picture by.
using Staged = std::shared_ptr<const pictures::StagedPicture>;

}  // namespace

Napi::Object from_pixels(const Client& client, const at::Tensor& pixels) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("dtype", name_of(pixels.scalar_type()));
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

Napi::Object from_staged(Napi::Env env, pictures::StagedPicture picture) {
  Napi::Object object = Napi::Object::New(env);
  std::vector<int64_t> shape = pictures::output_shape(picture);
  shape.insert(shape.begin(), 1);
  object.Set("shape", from_ints(env, shape));
  auto held =
      std::make_unique<Staged>(std::make_shared<const pictures::StagedPicture>(std::move(picture)));
  const auto forget = [](napi_env, void* last, void*) { delete static_cast<Staged*>(last); };
  NAPI_THROW_IF_FAILED(env, napi_wrap(env, object, held.get(), forget, nullptr, nullptr), object);
  held.release();
  tag(object, kStagedPictureTag);
  return object;
}

pictures::StagedPictures to_staged(const Napi::Value& value) {
  return to_vector<Staged>(value, [](const Napi::Value& each) {
    void* held = nullptr;
    if (!is_tagged(each, kStagedPictureTag) || napi_unwrap(each.Env(), each, &held) != napi_ok)
      throw Error(ErrorCode::kConfig, "Expected pictures that stagePicture() has made");
    Staged& picture = *static_cast<Staged*>(held);
    if (!picture) throw Error(ErrorCode::kShape, "A decoded picture can be used only once");
    return std::exchange(picture, nullptr);
  });
}

}  // namespace bigtransfer::binding
