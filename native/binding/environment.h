// What belongs to one JavaScript environment (the main thread or a worker thread), and to each copy
// of the package's JavaScript in it.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "binding/mailbox.h"

namespace bigtransfer::runtime {
class Session;
}

namespace bigtransfer::binding {

/// One copy of the package's JavaScript: under jest, or where its modules were loaded anew, an
/// environment has several, and each hears of errors by its own BitError. All of the addon's
/// functions have theirs as data.
class Client {
 public:
  Client(Napi::Env env, std::shared_ptr<Mailbox> mailbox)
      : env_(env), mailbox_(std::move(mailbox)) {}
  static Client& of(const Napi::CallbackInfo& info) { return *static_cast<Client*>(info.Data()); }

  Napi::Env env() const { return env_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  /// Held weakly: a copy that is out of use may be collected, with all that its classes refer to.
  void set_bit_error(Napi::Function constructor) { bit_error_ = Napi::Weak(constructor); }
  /// Empty where it has been collected.
  Napi::Function bit_error() const { return bit_error_.Value(); }

  void set_session(Napi::Function constructor) { session_ = Napi::Persistent(constructor); }
  Napi::Function session() const { return session_.Value(); }

  /// For the session that is being made next: JavaScript cannot hand its constructor anything else.
  void set_opened(std::shared_ptr<runtime::Session> session) { opened_ = std::move(session); }
  std::shared_ptr<runtime::Session> take_opened() { return std::exchange(opened_, nullptr); }

  /// The one function behind every job's `cancel`.
  void set_cancel(Napi::Function cancel) { cancel_ = Napi::Persistent(cancel); }
  Napi::Function cancel() const { return cancel_.Value(); }

 private:
  Napi::Env env_;
  std::shared_ptr<Mailbox> mailbox_;
  Napi::FunctionReference bit_error_;
  Napi::FunctionReference session_;
  Napi::FunctionReference cancel_;
  std::shared_ptr<runtime::Session> opened_;
};

/// Instance data of the addon; freed with its environment, so that no reference outlives it.
class Environment {
 public:
  /// Of this environment; made when it is asked for first.
  static Environment& of(Napi::Env env) {
    if (auto* made = env.GetInstanceData<Environment>()) return *made;
    auto* environment = new Environment(env);
    env.SetInstanceData(environment);
    return *environment;
  }

  Client& add_client(Napi::Env env) {
    clients_.push_back(std::make_unique<Client>(env, mailbox_));
    return *clients_.back();
  }

 private:
  explicit Environment(Napi::Env env) : mailbox_(Mailbox::open(env)) {}

  std::shared_ptr<Mailbox> mailbox_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace bigtransfer::binding
