// The JavaScript class over a loaded model.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/environment.h"
#include "runtime/session.h"

namespace bigtransfer::binding {

/// NativeSession of lib/binding/types.ts. Made by load(), never by `new` from outside.
class SessionWrap : public Napi::ObjectWrap<SessionWrap> {
 public:
  static void define(Client& client);
  /// load(request): reads the weights on a compute thread; a promise of a session.
  static Napi::Value load(const Napi::CallbackInfo& info);
  /// openShared(token): a session on the weights of one that was shared in this process.
  static Napi::Value open_shared(const Napi::CallbackInfo& info);

  explicit SessionWrap(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override;

 private:
  static Napi::Object wrap(Client& client, std::shared_ptr<runtime::Session> session);

  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value share(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value state_dict(const Napi::CallbackInfo& info);
  Napi::Value parameter_rows(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value device(const Napi::CallbackInfo& info);
  Napi::Value dtype(const Napi::CallbackInfo& info);
  Napi::Value description(const Napi::CallbackInfo& info);
  Napi::Value loading_info(const Napi::CallbackInfo& info);

  /// Tells V8 how much memory this object holds now.
  void account(Napi::Env env, int64_t bytes);

  std::shared_ptr<runtime::Session> session_;
  int64_t accounted_ = 0;
};

}  // namespace bigtransfer::binding
