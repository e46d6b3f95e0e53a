// What JavaScript is told, as lib/binding/types.ts describes it.
#pragma once

#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "model/cost.h"
#include "model/weights.h"
#include "runtime/call.h"
#include "runtime/session.h"

namespace bigtransfer::binding {

Napi::Object from_forward_result(Napi::Env env, const runtime::ForwardResult& result);
Napi::Object from_session_stats(Napi::Env env, const runtime::SessionStats& stats);
Napi::Object from_loading_info(Napi::Env env, const model::LoadingInfo& info);
Napi::Array from_costs(Napi::Env env, const std::vector<model::StageCost>& rows);

}  // namespace bigtransfer::binding
