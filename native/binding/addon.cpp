// What the addon exports; lib/binding/types.ts says what each is.
#include <ATen/Context.h>
#include <napi.h>

#include "binding/environment.h"
#include "binding/head_functions.h"
#include "binding/job.h"
#include "binding/lock_functions.h"
#include "binding/peer_functions.h"
#include "binding/picture_functions.h"
#include "binding/session_wrap.h"
#include "binding/system_functions.h"
#include "binding/training_functions.h"

namespace {

using bigtransfer::binding::Client;

template <auto function>
void define(Napi::Object exports, const char* name, Client& client) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name, &client));
}

/// Runs for each copy of the package's JavaScript that opens the addon.
Napi::Object init(Napi::Env env, Napi::Object exports) {
  using namespace bigtransfer::binding;
  // It warns on stderr of each processor that it does not know; oneDNN serves them all.
  at::globalContext().setUserEnabledNNPACK(false);
  Client& client = Environment::of(env).add_client(env);
  client.set_cancel(Napi::Function::New<cancel_job>(env, "cancel", &client));
  SessionWrap::define(client);
  define<initialize>(exports, "initialize", client);
  define<close_environment>(exports, "close", client);
  define<info>(exports, "info", client);
  define<&SessionWrap::load>(exports, "load", client);
  define<&SessionWrap::open_shared>(exports, "openShared", client);
  define<preprocess>(exports, "preprocess", client);
  define<check_device>(exports, "checkDevice", client);
  define<stage_picture>(exports, "stagePicture", client);
  define<prepare_pictures>(exports, "preparePictures", client);
  define<cost_by_stage>(exports, "costByStage", client);
  define<lock_file>(exports, "lockFile", client);
  define<load_trainer>(exports, "loadTrainer", client);
  define<check_peers>(exports, "checkPeers", client);
  define<open_peers>(exports, "openPeers", client);
  define<put_in_agent_store>(exports, "putInAgentStore", client);
  define<take_from_agent_store>(exports, "takeFromAgentStore", client);
  define<open_head_fitter>(exports, "openHeadFitter", client);
  define<head_outputs>(exports, "headOutputs", client);
  define<save_with_head>(exports, "saveWithHead", client);
  return exports;
}

}  // namespace

NODE_API_MODULE(bigtransfer, init)
