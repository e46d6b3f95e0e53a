// The JavaScript class over a loaded model.
#pragma once

#include <napi.h>

#include <memory>

#include "runtime/session.h"

namespace bigtransfer::binding {

/// NativeSession of lib/binding/types.ts. Made by load(), never by `new` from outside.
class SessionWrap : public Napi::ObjectWrap<SessionWrap> {
 public:
  static void define(Napi::Env env);
  /// load(request): reads the weights on a compute thread; a promise of a session.
  static Napi::Value load(const Napi::CallbackInfo& info);

  explicit SessionWrap(const Napi::CallbackInfo& info);

 private:
  struct Handle {
    std::shared_ptr<runtime::Session> session;
    /// Compute threads of one call; 0: all, kOnDevice: none.
    int threads;
  };

  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value state_dict(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value dtype(const Napi::CallbackInfo& info);
  Napi::Value loading_info(const Napi::CallbackInfo& info);

  Handle handle_;
};

}  // namespace bigtransfer::binding
