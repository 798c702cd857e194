#include "muster/master/listen/socket_state.h"

#include "absl/strings/str_cat.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {

state::v1::SocketRights SaveSocketRights(const listen::SocketRights& rights) {
  state::v1::SocketRights state;
  state.set_mode(rights.mode);
  if (rights.owner.has_value()) state.set_owner(*rights.owner);
  if (rights.group.has_value()) state.set_group(*rights.group);
  return state;
}

absl::StatusOr<listen::SocketRights> RestoreSocketRights(const state::v1::SocketRights& state) {
  if (state.mode() > 0777) {
    return StateError("mode", absl::StrCat(state.mode(), " is not the mode of a file"));
  }
  listen::SocketRights rights;
  rights.mode = state.mode();
  if (state.has_owner()) rights.owner = state.owner();
  if (state.has_group()) rights.group = state.group();
  return rights;
}

state::v1::SocketFile SaveSocketFile(const listen::SocketFile& file) {
  const listen::SocketFile::Saved saved = file.Save();
  state::v1::SocketFile state;
  state.set_device(saved.id.device);
  state.set_inode(saved.id.inode);
  state.set_first_owner(saved.first_owner);
  state.set_first_group(saved.first_group);
  *state.mutable_rights() = SaveSocketRights(saved.rights);
  return state;
}

absl::StatusOr<listen::SocketFile> RestoreSocketFile(const listen::Address& address,
                                                     const state::v1::SocketFile& state,
                                                     bool is_shared) {
  if (!state.has_rights()) return StateError("rights", "is missing");
  const absl::StatusOr<listen::SocketRights> rights = RestoreSocketRights(state.rights());
  if (!rights.ok()) return InStateField("rights", rights.status());
  return listen::SocketFile::Restore(address,
                                     {.id = {state.device(), state.inode()},
                                      .first_owner = state.first_owner(),
                                      .first_group = state.first_group(),
                                      .rights = *rights},
                                     is_shared);
}

}  // namespace muster::master
