// What belongs to one JavaScript environment (the main thread or a worker thread).
#pragma once

#include <napi.h>

namespace bigtransfer::binding {

/// Instance data of the addon; freed with its environment, so that no reference outlives it.
class Environment {
 public:
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  void set_bit_error(Napi::Function constructor) { bit_error_ = Napi::Persistent(constructor); }
  Napi::Function bit_error() const { return bit_error_.Value(); }

  void set_session(Napi::Function constructor) { session_ = Napi::Persistent(constructor); }
  Napi::Function session() const { return session_.Value(); }

 private:
  Napi::FunctionReference bit_error_;
  Napi::FunctionReference session_;
};

}  // namespace bigtransfer::binding
