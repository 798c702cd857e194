#ifndef MUSTER_MASTER_DECIDE_SETTINGS_STATE_H_
#define MUSTER_MASTER_DECIDE_SETTINGS_STATE_H_

#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/state/core_state.pb.h"

namespace muster::master {

void SaveSettings(const Settings& settings, state::v1::CoreState::Settings* state);
Settings RestoreSettings(const state::v1::CoreState::Settings& state, StateReader& reader);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SETTINGS_STATE_H_
