// Error codes and the BitError constructor, which each copy of the package hands over.
#include "binding/errors.h"

#include <c10/util/Exception.h>

#include <new>

#include "binding/environment.h"

namespace bigtransfer::binding {
namespace {

const char* code_text(ErrorCode code) {
  switch (code) {
    case ErrorCode::kConfig:
      return "ERR_BIT_CONFIG";
    case ErrorCode::kCheckpoint:
      return "ERR_BIT_CHECKPOINT";
    case ErrorCode::kImage:
      return "ERR_BIT_IMAGE";
    case ErrorCode::kShape:
      return "ERR_BIT_SHAPE";
    case ErrorCode::kDevice:
      return "ERR_BIT_DEVICE";
    case ErrorCode::kOutOfMemory:
      return "ERR_BIT_OUT_OF_MEMORY";
    case ErrorCode::kDisposed:
      return "ERR_BIT_DISPOSED";
    case ErrorCode::kOverloaded:
      return "ERR_BIT_OVERLOADED";
    case ErrorCode::kTraining:
      return "ERR_BIT_TRAINING";
    case ErrorCode::kLibtorch:
      return "ERR_BIT_LIBTORCH";
  }
  return "ERR_BIT_LIBTORCH";
}

/// ATen reports a failed allocation as a plain c10::Error; its allocator's words tell it apart.
bool is_out_of_memory(const std::string& message) {
  return message.find("DefaultCPUAllocator") != std::string::npos ||
         message.find("out of memory") != std::string::npos;
}

}  // namespace

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const c10::OutOfMemoryError& error) {
    return {ErrorCode::kOutOfMemory, error.what_without_backtrace()};
  } catch (const c10::Error& error) {
    // Derives from std::exception but not from std::runtime_error.
    const std::string message = error.what_without_backtrace();
    return {is_out_of_memory(message) ? ErrorCode::kOutOfMemory : ErrorCode::kLibtorch, message};
  } catch (const std::bad_alloc&) {
    return {ErrorCode::kOutOfMemory, "Not enough memory"};
  } catch (const std::exception& error) {
    return {ErrorCode::kLibtorch, error.what()};
  } catch (...) {
    return {ErrorCode::kLibtorch, "An unknown native error"};
  }
}

Napi::Value to_bit_error(const Client& client, const Failure& failure) {
  const Napi::Env env = client.env();
  const Napi::String code = Napi::String::New(env, code_text(failure.code));
  const Napi::String message = Napi::String::New(env, failure.message);
  const Napi::Function constructor = client.bit_error();
  if (!constructor.IsEmpty()) return constructor.New({code, message});
  // Nobody is left who knows the class.
  const Napi::Object error = Napi::Error::New(env, failure.message).Value();
  error.Set("code", code);
  return error;
}

void throw_bit_error(const Client& client, const Failure& failure) {
  throw Napi::Error(client.env(), to_bit_error(client, failure));
}

}  // namespace bigtransfer::binding
