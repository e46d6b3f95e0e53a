// What tests ask of a run, and one that nobody watches.
#pragma once

#include "model/run.h"

namespace bigtransfer::test {

inline model::Wanted only_logits() {
  return {.last_hidden_state = false,
          .pooler_output = false,
          .logits = true,
          .hidden_states = false,
          .feature_maps = {}};
}

inline model::RunControl unwatched() {
  return {.between = [] {}, .left_out = {}, .clock = nullptr};
}

}  // namespace bigtransfer::test
