// One thread-safe function, referenced only while something is on its way.
#include "binding/mailbox.h"

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

int64_t Mailbox::expect(Napi::Env env, std::shared_ptr<JobControl> job) {
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (post_ == nullptr) throw Error(ErrorCode::kDisposed, "The JavaScript environment is ending");
    number = ++expected_;
    running_.emplace(number, std::move(job));
  }
  if (awaited_++ == 0) napi_ref_threadsafe_function(env, post_);
  return number;
}

void Mailbox::post(std::unique_ptr<Letter> letter, int64_t job) {
  // It is freed without the lock, and with it what it can withdraw.
  decltype(running_)::node_type ended;
  // close() lets the environment go as soon as nothing runs; this keeps the mailbox until the end.
  const std::shared_ptr<Mailbox> self = shared_from_this();
  std::unique_lock lock(mutex_);
  letters_.push_back(std::move(letter));
  const bool is_first = letters_.size() == 1;
  // Without the lock, which the event loop takes as soon as it is awake.
  lock.unlock();
  if (is_first) napi_call_threadsafe_function(post_, nullptr, napi_tsfn_nonblocking);
  lock.lock();
  ended = running_.extract(job);
  if (running_.empty()) all_posted_.notify_all();
}

void Mailbox::cancel(int64_t job) {
  std::unique_lock lock(mutex_);
  const auto found = running_.find(job);
  if (found == running_.end()) return;
  const std::shared_ptr<JobControl> control = found->second;
  // A job that still waits in a queue posts at once.
  lock.unlock();
  control->cancel();
}

void Mailbox::close() {
  std::unique_lock lock(mutex_);
  // Without the lock, as cancel().
  std::vector<std::shared_ptr<JobControl>> jobs;
  for (const auto& [number, control] : running_) jobs.push_back(control);
  lock.unlock();
  for (const auto& job : jobs) job->cancel();
  lock.lock();
  all_posted_.wait(lock, [this] { return running_.empty(); });
  letters_.clear();
  if (post_ == nullptr) return;
  napi_release_threadsafe_function(post_, napi_tsfn_abort);
  post_ = nullptr;
}

void Mailbox::on_post(napi_env env, napi_value, void* mailbox, void*) {
  if (env == nullptr) return;  // the environment has ended, and perhaps the mailbox with it
  static_cast<Mailbox*>(mailbox)->deliver(env);
}

void Mailbox::deliver(Napi::Env env) {
  std::vector<std::unique_ptr<Letter>> letters;
  {
    const std::lock_guard lock(mutex_);
    letters.swap(letters_);
  }
  for (std::unique_ptr<Letter>& letter : letters) {
    const Napi::HandleScope scope(env);
    settled(env);
    letter->deliver(env);
    letter.reset();
  }
}

void Mailbox::settled(Napi::Env env) {
  if (--awaited_ == 0 && post_ != nullptr) napi_unref_threadsafe_function(env, post_);
}

}  // namespace bigtransfer::binding
