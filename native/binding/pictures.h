// What JavaScript holds pictures and their pixel values by, on their way through the native side.
#pragma once

#include <ATen/ATen.h>
#include <napi.h>

#include "binding/environment.h"
#include "pictures/staged_picture.h"

namespace bigtransfer::binding {

/// `{ dtype, shape, writeTo(array, isFirst) }`: the copy is made where the caller wants it, once.
Napi::Object from_pixels(const Client& client, const at::Tensor& pixels);

/// An object that holds the picture until it is used, once: the garbage collector may take its
/// time.
Napi::Object from_staged(Napi::Env env, pictures::StagedPicture picture);
/// Throws Error kShape for one that is used up, kConfig for what from_staged() has not made.
pictures::StagedPictures to_staged(const Napi::Value& value);

}  // namespace bigtransfer::binding
