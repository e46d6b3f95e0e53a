// A NativePeers is an object that holds them until it is disposed of. Its jobs wait for others
// rather than compute.
#include "binding/peer_functions.h"

#include <string>
#include <utility>
#include <vector>

#include "binding/job.h"
#include "binding/tensors.h"
#include "binding/type_tags.h"
#include "binding/values.h"
#include "common/error.h"
#include "peers/agent_store.h"
#include "peers/peer_library.h"

namespace bigtransfer::binding {
namespace {

using Held = std::shared_ptr<peers::Peers>;

Held& held_by(const Napi::Value& value) {
  void* held = nullptr;
  if (!is_tagged(value, kPeersTag) || napi_unwrap(value.Env(), value, &held) != napi_ok)
    throw Error(ErrorCode::kConfig, "Expected peers that openPeers() has made");
  return *static_cast<Held*>(held);
}

peers::PeerRequest to_peer_request(const Napi::Object& value) {
  return {.rank = static_cast<int>(to_int(value["rank"])),
          .size = static_cast<int>(to_int(value["size"])),
          .device = static_cast<int>(to_int(value["device"])),
          .host = to_string(value["host"]),
          .interface = to_string(value["interface"]),
          .timeout_seconds = to_double(value["timeoutSeconds"])};
}

peers::AgentStore to_agent_store(const Napi::Object& value) {
  return {.host = to_string(value["host"]),
          .port = static_cast<uint16_t>(to_int(value["port"])),
          .timeout = std::chrono::milliseconds(to_int(value["timeoutMs"]))};
}

Napi::Value connect(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const auto to_text = [](const Napi::Value& bytes) {
      const Bytes part = bytes_of(bytes);
      return std::string(reinterpret_cast<const char*>(part.data), part.size);
    };
    auto addresses = to_vector<std::string>(info[0], to_text);
    return start_promise<Nothing>(
        Client::of(info), runtime::kOnDevice,
        [peers = to_peers(info.This()),
         addresses = std::move(addresses)](const runtime::CancelToken&) {
          peers->connect(addresses);
          return Nothing{};
        },
        [](Napi::Env env, Nothing&) -> Napi::Value { return env.Undefined(); });
  });
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    held_by(info.This()).reset();
    return info.Env().Undefined();
  });
}

Napi::Object from_peers(const Client& client, Held peers) {
  const Napi::Env env = client.env();
  Napi::Object object = Napi::Object::New(env);
  const std::string address = peers->address();
  object.Set("address", Napi::Buffer<char>::Copy(env, address.data(), address.size()));
  void* const data = const_cast<Client*>(&client);
  object.Set("connect", Napi::Function::New(env, connect, "connect", data));
  object.Set("dispose", Napi::Function::New(env, dispose, "dispose", data));
  auto held = std::make_unique<Held>(std::move(peers));
  const auto forget = [](napi_env, void* last, void*) { delete static_cast<Held*>(last); };
  NAPI_THROW_IF_FAILED(env, napi_wrap(env, object, held.get(), forget, nullptr, nullptr), object);
  held.release();
  tag(object, kPeersTag);
  return object;
}

}  // namespace

Napi::Value check_peers(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    peers::expect_peer_library(static_cast<int>(to_int(info[0])));
    return info.Env().Undefined();
  });
}

Napi::Value open_peers(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    return from_peers(Client::of(info),
                      peers::open_peers(to_peer_request(info[0].As<Napi::Object>())));
  });
}

Napi::Value put_in_agent_store(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object request = info[0].As<Napi::Object>();
    return start_promise<Nothing>(
        Client::of(info), runtime::kOnDevice,
        [store = to_agent_store(request), key = to_string(request["key"]),
         value = to_string(info[1])](const runtime::CancelToken&) {
          peers::put(store, key, value);
          return Nothing{};
        },
        [](Napi::Env env, Nothing&) -> Napi::Value { return env.Undefined(); });
  });
}

Napi::Value take_from_agent_store(const Napi::CallbackInfo& info) {
  return guarded(info, [&]() -> Napi::Value {
    const Napi::Object request = info[0].As<Napi::Object>();
    return start_job<std::string>(
        Client::of(info), Napi::Number::New(info.Env(), 0), runtime::kOnDevice,
        [store = to_agent_store(request),
         key = to_string(request["key"])](const runtime::CancelToken& token) {
          return peers::take(store, key, [&token] { token.throw_if_cancelled(); });
        },
        [](Napi::Env env, std::string& value) -> Napi::Value {
          return Napi::String::New(env, value);
        });
  });
}

std::shared_ptr<peers::Peers> to_peers(const Napi::Value& value) {
  Held& held = held_by(value);
  if (!held) throw Error(ErrorCode::kDisposed, "The peers have been disposed of");
  return held;
}

}  // namespace bigtransfer::binding
