// What the addon exports; lib/binding/types.ts says what each is.
#include <ATen/Context.h>
#include <napi.h>

#include "binding/environment.h"
#include "binding/functions.h"
#include "binding/job.h"
#include "binding/session_wrap.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  using namespace bigtransfer::binding;
  // It warns on stderr of each processor that it does not know; oneDNN serves them all.
  at::globalContext().setUserEnabledNNPACK(false);
  env.SetInstanceData(new Environment(env));
  Environment::of(env).set_cancel(Napi::Function::New<cancel_job>(env));
  SessionWrap::define(env);
  exports.Set("initialize", Napi::Function::New<initialize>(env));
  exports.Set("close", Napi::Function::New<close_environment>(env));
  exports.Set("info", Napi::Function::New<info>(env));
  exports.Set("load", Napi::Function::New<&SessionWrap::load>(env));
  exports.Set("openShared", Napi::Function::New<&SessionWrap::open_shared>(env));
  exports.Set("preprocess", Napi::Function::New<preprocess>(env));
  exports.Set("checkDevice", Napi::Function::New<check_device>(env));
  exports.Set("stage", Napi::Function::New<stage>(env));
  exports.Set("preparePictures", Napi::Function::New<prepare_pictures>(env));
  exports.Set("parameters", Napi::Function::New<parameters>(env));
  exports.Set("stages", Napi::Function::New<stages>(env));
  exports.Set("listTensors", Napi::Function::New<list_tensors>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(bigtransfer, init)
