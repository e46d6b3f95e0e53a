// What the functions of one object of JavaScript's have in common: something that lives until it is
// disposed of.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "binding/environment.h"
#include "binding/job.h"
#include "common/error.h"

namespace bigtransfer::binding {

template <typename T>
class Hold {
 public:
  /// `what` it is called where it is gone.
  Hold(std::shared_ptr<T> held, int threads, std::string what)
      : held_(std::move(held)), threads_(threads), what_(std::move(what)) {}

  int threads() const { return threads_; }
  /// Throws Error kDisposed after release(). Jobs hold on to it until they end.
  std::shared_ptr<T> get() const {
    if (!held_) throw Error(ErrorCode::kDisposed, what_ + " has been disposed of");
    return held_;
  }
  void release() { held_.reset(); }

 private:
  std::shared_ptr<T> held_;
  int threads_;
  std::string what_;
};

/// Gives `object` a function of a hold, which lives as long as that.
template <typename T, typename Body>
void define_function(const Client& client, Napi::Object object, const char* name,
                     std::shared_ptr<Hold<T>> hold, Body body) {
  const auto function = [hold, body](const Napi::CallbackInfo& info) -> Napi::Value {
    return guarded(info, [&]() -> Napi::Value { return body(info, *hold); });
  };
  object.Set(name, Napi::Function::New(client.env(), function, name, const_cast<Client*>(&client)));
}

/// The same for `dispose`, after which all others throw.
template <typename T>
void define_dispose(const Client& client, Napi::Object object, std::shared_ptr<Hold<T>> hold) {
  const auto dispose = [hold](const Napi::CallbackInfo& info, const Hold<T>&) -> Napi::Value {
    hold->release();
    return info.Env().Undefined();
  };
  define_function(client, object, "dispose", hold, dispose);
}

}  // namespace bigtransfer::binding
