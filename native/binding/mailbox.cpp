// One thread-safe function, referenced only while something is on its way.
#include "binding/mailbox.h"

#include <vector>

#include "common/error.h"

namespace bigtransfer::binding {

std::shared_ptr<Mailbox> Mailbox::open(Napi::Env env) {
  auto mailbox = std::make_shared<Mailbox>();
  const Napi::Value name = Napi::String::New(env, "bigtransfer");
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, name, /*max_queue_size=*/0, /*initial_thread_count=*/1, nullptr,
      nullptr, mailbox.get(), &Mailbox::on_post, &mailbox->post_);
  if (status != napi_ok) throw Napi::Error::New(env, "Could not reach the event loop");
  napi_unref_threadsafe_function(env, mailbox->post_);
  // Hooks run last in, first out: this one before that of the thread-safe function.
  auto* held = new std::shared_ptr<Mailbox>(mailbox);
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        const std::unique_ptr<std::shared_ptr<Mailbox>> ending(
            static_cast<std::shared_ptr<Mailbox>*>(data));
        (*ending)->close();
      },
      held);
  return mailbox;
}

void Mailbox::expect(Napi::Env env, std::shared_ptr<JobControl> job) {
  {
    const std::lock_guard lock(mutex_);
    if (post_ == nullptr) throw Error(ErrorCode::kDisposed, "The JavaScript environment is ending");
    running_.insert(std::move(job));
  }
  if (awaited_++ == 0) napi_ref_threadsafe_function(env, post_);
}

void Mailbox::post(std::unique_ptr<Letter> letter, const std::shared_ptr<JobControl>& job) {
  // close() lets the environment go as soon as nothing runs; this keeps the mailbox until the end.
  const std::shared_ptr<Mailbox> self = shared_from_this();
  const std::lock_guard lock(mutex_);
  if (napi_call_threadsafe_function(post_, letter.get(), napi_tsfn_nonblocking) == napi_ok)
    letter.release();
  running_.erase(job);
  if (running_.empty()) all_posted_.notify_all();
}

void Mailbox::close() {
  std::unique_lock lock(mutex_);
  // Without the lock: a job that still waits in a queue posts at once.
  const std::vector<std::shared_ptr<JobControl>> jobs(running_.begin(), running_.end());
  lock.unlock();
  for (const auto& job : jobs) job->cancel();
  lock.lock();
  all_posted_.wait(lock, [this] { return running_.empty(); });
  if (post_ == nullptr) return;
  napi_release_threadsafe_function(post_, napi_tsfn_abort);
  post_ = nullptr;
}

void Mailbox::on_post(napi_env env, napi_value, void* mailbox, void* letter) {
  const std::unique_ptr<Letter> owned(static_cast<Letter*>(letter));
  if (env == nullptr) return;  // the environment ended before this could be delivered
  const Napi::Env napi_env(env);
  const Napi::HandleScope scope(napi_env);
  static_cast<Mailbox*>(mailbox)->settled(napi_env);
  owned->deliver(napi_env);
}

void Mailbox::settled(Napi::Env env) {
  if (--awaited_ == 0 && post_ != nullptr) napi_unref_threadsafe_function(env, post_);
}

}  // namespace bigtransfer::binding
