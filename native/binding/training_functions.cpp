// A NativeTrainer is an object of functions that share the trainer; each starts one job.
#include "binding/training_functions.h"

#include <memory>
#include <utility>

#include "binding/job.h"
#include "binding/requests.h"
#include "binding/results.h"
#include "binding/values.h"
#include "common/error.h"
#include "training/trainer.h"

namespace bigtransfer::binding {
namespace {

using training::Trainer;

/// What the functions of one NativeTrainer have in common.
class Hold {
 public:
  Hold(std::shared_ptr<Trainer> trainer, int threads)
      : trainer_(std::move(trainer)), threads_(threads) {}

  int threads() const { return threads_; }
  /// Throws Error kDisposed after release().
  std::shared_ptr<Trainer> trainer() const {
    if (!trainer_) throw Error(ErrorCode::kDisposed, "The training run has been disposed of");
    return trainer_;
  }
  void release() { trainer_.reset(); }

 private:
  std::shared_ptr<Trainer> trainer_;
  int threads_;
};

using SharedHold = std::shared_ptr<Hold>;

Napi::Value accumulate(const Napi::CallbackInfo& info, const Hold& hold) {
  const auto to_loss = [](Napi::Env env, double& loss) -> Napi::Value {
    return Napi::Number::New(env, loss);
  };
  const Napi::Object request = info[0].As<Napi::Object>();
  return start_job<double>(
      Client::of(info), Napi::Number::New(info.Env(), 0), hold.threads(),
      [trainer = hold.trainer(), batch = to_micro_batch(request)](const runtime::CancelToken&) {
        return trainer->accumulate(batch);
      },
      to_loss);
}

/// A job that ends without a result.
template <typename Work>
Napi::Value start(const Napi::CallbackInfo& info, const Hold& hold, Work work) {
  return start_promise<Nothing>(
      Client::of(info), hold.threads(),
      [trainer = hold.trainer(), work = std::move(work)](const runtime::CancelToken&) {
        work(*trainer);
        return Nothing{};
      },
      [](Napi::Env env, Nothing&) -> Napi::Value { return env.Undefined(); });
}

Napi::Value step(const Napi::CallbackInfo& info, const Hold& hold) {
  return start(info, hold, [rate = to_double(info[0])](Trainer& trainer) { trainer.step(rate); });
}

Napi::Value forget(const Napi::CallbackInfo& info, const Hold& hold) {
  return start(info, hold, [](Trainer& trainer) { trainer.forget(); });
}

Napi::Value save(const Napi::CallbackInfo& info, const Hold& hold) {
  return start(info, hold, [path = to_string(info[0])](Trainer& trainer) { trainer.save(path); });
}

Napi::Value save_optimizer(const Napi::CallbackInfo& info, const Hold& hold) {
  return start(info, hold,
               [path = to_string(info[0])](Trainer& trainer) { trainer.save_optimizer(path); });
}

Napi::Object to_object(const Client& client, std::shared_ptr<Trainer> trainer, int threads) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("loadingInfo", from_loading_info(env, trainer->loading_info()));
  const auto hold = std::make_shared<Hold>(std::move(trainer), threads);
  const auto define = [&](const char* name, auto body) {
    const auto function = [hold, body](const Napi::CallbackInfo& info) -> Napi::Value {
      return guarded(info, [&]() -> Napi::Value { return body(info, *hold); });
    };
    object.Set(name, Napi::Function::New(env, function, name, const_cast<Client*>(&client)));
  };
  define("accumulate", accumulate);
  define("step", step);
  define("forget", forget);
  define("save", save);
  define("saveOptimizer", save_optimizer);
  define("dispose", [hold](const Napi::CallbackInfo& info, const Hold&) -> Napi::Value {
    hold->release();
    return info.Env().Undefined();
  });
  return object;
}

}  // namespace

Napi::Value load_trainer(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object value = info[0].As<Napi::Object>();
    const int threads = static_cast<int>(to_int(value["threads"]));
    const Client& client = Client::of(info);
    return start_promise<std::shared_ptr<Trainer>>(
        client, threads,
        [request = to_trainer_request(value)](const runtime::CancelToken&) {
          return std::make_shared<Trainer>(request);
        },
        [&client, threads](Napi::Env, std::shared_ptr<Trainer>& trainer) -> Napi::Value {
          return to_object(client, std::move(trainer), threads);
        });
  });
}

}  // namespace bigtransfer::binding
