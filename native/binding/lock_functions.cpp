// A NativeLock is an object that holds a lock until it is disposed of, or nobody has it any more.
#include "binding/lock_functions.h"

#include <memory>
#include <utility>

#include "binding/hold.h"
#include "binding/values.h"
#include "common/file_lock.h"

namespace bigtransfer::binding {

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    std::shared_ptr<FileLock> lock = FileLock::take(to_string(info[0]));
    if (!lock) return info.Env().Null();
    Napi::Object object = Napi::Object::New(info.Env());
    constexpr int kNoThreads = 0;
    define_dispose(Client::of(info), object,
                   std::make_shared<Hold<FileLock>>(std::move(lock), kNoThreads, "The lock"));
    return object;
  });
}

}  // namespace bigtransfer::binding
