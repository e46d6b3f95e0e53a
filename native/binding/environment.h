// What belongs to one JavaScript environment (the main thread or a worker thread).
#pragma once

#include <napi.h>

#include <memory>

#include "binding/mailbox.h"

namespace bigtransfer::binding {

/// Instance data of the addon; freed with its environment, so that no reference outlives it.
class Environment {
 public:
  explicit Environment(Napi::Env env) : mailbox_(Mailbox::open(env)) {}
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  void set_bit_error(Napi::Function constructor) { bit_error_ = Napi::Persistent(constructor); }
  Napi::Function bit_error() const { return bit_error_.Value(); }

  void set_session(Napi::Function constructor) { session_ = Napi::Persistent(constructor); }
  Napi::Function session() const { return session_.Value(); }

  /// The one function behind every job's `cancel`.
  void set_cancel(Napi::Function cancel) { cancel_ = Napi::Persistent(cancel); }
  Napi::Function cancel() const { return cancel_.Value(); }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  Napi::FunctionReference bit_error_;
  Napi::FunctionReference session_;
  Napi::FunctionReference cancel_;
};

}  // namespace bigtransfer::binding
