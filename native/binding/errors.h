// Native exceptions to JavaScript's BitError.
#pragma once

#include <napi.h>

#include <exception>
#include <optional>
#include <string>

#include "common/error.h"

namespace bigtransfer::binding {

class Client;

/// What went wrong on a compute thread, kept until JavaScript can hear of it.
struct Failure {
  ErrorCode code;
  std::string message;
};

/// Sorts the exception in flight: Error keeps its code, libtorch's own become the code that fits,
/// with the part of their message that is meant for people. Call inside a catch block.
Failure current_failure();

/// A BitError (lib/errors.ts) of the client's own class with this failure's code and message.
Napi::Value to_bit_error(const Client& client, const Failure& failure);

/// Throws a BitError into JavaScript.
[[noreturn]] void throw_bit_error(const Client& client, const Failure& failure);

}  // namespace bigtransfer::binding
