// What JavaScript asks, as C++ structs: lib/binding/types.ts says what each field is.
#pragma once

#include <napi.h>

#include "model/spec.h"
#include "pictures/preprocess.h"
#include "runtime/session.h"
#include "training/head_fitter.h"
#include "training/new_head.h"
#include "training/trainer.h"

namespace bigtransfer::binding {

model::NetworkSpec to_network_spec(const Napi::Object& value);
runtime::LoadRequest to_load_request(const Napi::Object& value);
runtime::ForwardRequest to_forward_request(const Napi::Object& value);
pictures::PreprocessRequest to_preprocess_request(const Napi::Object& value);
training::TrainerRequest to_trainer_request(const Napi::Object& value);
training::MicroBatch to_micro_batch(const Napi::Object& value);
training::HeadFitterRequest to_head_fitter_request(const Napi::Object& value);
training::HeadFitRequest to_head_fit_request(const Napi::Object& value);
training::NewHeadRequest to_new_head_request(const Napi::Object& value);

}  // namespace bigtransfer::binding
