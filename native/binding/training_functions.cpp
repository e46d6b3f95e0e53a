// A NativeTrainer is an object of functions that share the trainer; each starts one job.
#include "binding/training_functions.h"

#include <memory>
#include <utility>

#include "binding/hold.h"
#include "binding/job.h"
#include "binding/peer_functions.h"
#include "binding/requests.h"
#include "binding/results.h"
#include "binding/values.h"
#include "devices/devices.h"
#include "training/trainer.h"

namespace bigtransfer::binding {
namespace {

using training::Trainer;
using TrainerHold = Hold<Trainer>;

Napi::Value accumulate(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  const auto to_loss = [](Napi::Env env, double& loss) -> Napi::Value {
    return Napi::Number::New(env, loss);
  };
  const Napi::Object request = info[0].As<Napi::Object>();
  return start_job<double>(
      Client::of(info), Napi::Number::New(info.Env(), 0), hold.threads(),
      [trainer = hold.get(), batch = to_micro_batch(request)](const runtime::CancelToken&) {
        return trainer->accumulate(batch);
      },
      to_loss);
}

/// A job that ends without a result, of `width` threads.
template <typename Work>
Napi::Value start(const Napi::CallbackInfo& info, const TrainerHold& hold, int width, Work work) {
  return start_promise<Nothing>(
      Client::of(info), width,
      [trainer = hold.get(), work = std::move(work)](const runtime::CancelToken&) {
        work(*trainer);
        return Nothing{};
      },
      [](Napi::Env env, Nothing&) -> Napi::Value { return env.Undefined(); });
}

template <typename Work>
Napi::Value start(const Napi::CallbackInfo& info, const TrainerHold& hold, Work work) {
  return start(info, hold, hold.threads(), std::move(work));
}

/// The same for what waits for other processes: threads that compute are left to others meanwhile.
template <typename Work>
Napi::Value start_among_peers(const Napi::CallbackInfo& info, const TrainerHold& hold, Work work) {
  return start(info, hold, runtime::kOnDevice,
               [peers = to_peers(info[0]), work](Trainer& trainer) { work(trainer, *peers); });
}

Napi::Value sum(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start_among_peers(info, hold,
                           [](Trainer& trainer, peers::Peers& peers) { trainer.sum(peers); });
}

Napi::Value take_from_first(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start_among_peers(
      info, hold, [](Trainer& trainer, peers::Peers& peers) { trainer.take_from_first(peers); });
}

Napi::Value step(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start(info, hold, [rate = to_double(info[0])](Trainer& trainer) { trainer.step(rate); });
}

Napi::Value forget(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start(info, hold, [](Trainer& trainer) { trainer.forget(); });
}

Napi::Value save(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start(info, hold, [path = to_string(info[0])](Trainer& trainer) { trainer.save(path); });
}

Napi::Value save_optimizer(const Napi::CallbackInfo& info, const TrainerHold& hold) {
  return start(info, hold,
               [path = to_string(info[0])](Trainer& trainer) { trainer.save_optimizer(path); });
}

Napi::Object to_object(const Client& client, std::shared_ptr<Trainer> trainer, int threads) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  object.Set("loadingInfo", from_loading_info(env, trainer->loading_info()));
  object.Set("device", trainer->device());
  object.Set("dtype", trainer->dtype());
  const int width = trainer->device() == devices::kCpu ? threads : runtime::kOnDevice;
  const auto hold = std::make_shared<TrainerHold>(std::move(trainer), width, "The training run");
  define_function(client, object, "accumulate", hold, accumulate);
  define_function(client, object, "sum", hold, sum);
  define_function(client, object, "takeFromFirst", hold, take_from_first);
  define_function(client, object, "step", hold, step);
  define_function(client, object, "forget", hold, forget);
  define_function(client, object, "save", hold, save);
  define_function(client, object, "saveOptimizer", hold, save_optimizer);
  define_dispose(client, object, hold);
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
