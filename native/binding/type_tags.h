// What tells the addon's own objects from others that JavaScript may give in their place.
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// Drawn at random, one for each kind of object.
inline constexpr napi_type_tag kStagedPictureTag = {0x2ab85e07f14c4d96, 0xb7310d9ce65f48a2};
inline constexpr napi_type_tag kPeersTag = {0xd203cafc0a116a1f, 0xbedb0a0406607103};

inline void tag(const Napi::Object& object, const napi_type_tag& kind) {
  const napi_status status = napi_type_tag_object(object.Env(), object, &kind);
  NAPI_THROW_IF_FAILED_VOID(object.Env(), status);
}

inline bool is_tagged(const Napi::Value& value, const napi_type_tag& kind) {
  bool is_tagged = false;
  return value.IsObject() &&
         napi_check_object_type_tag(value.Env(), value, &kind, &is_tagged) == napi_ok && is_tagged;
}

}  // namespace bigtransfer::binding
