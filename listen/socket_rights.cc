#include "muster/listen/socket_rights.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "muster/host/account.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/field_error.h"

namespace muster::listen {
namespace {

// Not an id, but to chown: leave it as it is.
constexpr std::uint32_t kAsItIs = 0xffffffff;

// uid_t and gid_t.
using Id = std::uint32_t;

// Asks the kernel, with a file that nobody sees.
absl::Status TryToGive(Id owner, Id group, absl::string_view to) {
  const ipc::UniqueFd file(::memfd_create("muster-owner", MFD_CLOEXEC));
  if (!file.valid()) return ipc::ErrnoStatus("memfd_create");
  if (::fchown(file.get(), owner, group) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("give a file to ", to));
}

absl::StatusOr<Id> FindOwner(const std::string& text) {
  MUSTER_ASSIGN_OR_RETURN(const Id id, host::FindUser(text));
  MUSTER_RETURN_IF_ERROR(TryToGive(id, kAsItIs, absl::StrCat("user \"", text, "\"")));
  return id;
}

absl::StatusOr<Id> FindGroupToGive(const std::string& text) {
  MUSTER_ASSIGN_OR_RETURN(const Id id, host::FindGroup(text));
  MUSTER_RETURN_IF_ERROR(TryToGive(kAsItIs, id, absl::StrCat("group \"", text, "\"")));
  return id;
}

}  // namespace

absl::StatusOr<mode_t> ParseSocketMode(absl::string_view text) {
  const bool has_digits = !text.empty() && text.find_first_not_of("01234567") == text.npos;
  unsigned int mode = 0;
  for (const char digit : text) mode = mode * 8 + static_cast<unsigned int>(digit - '0');
  if (has_digits && (text.size() == 3 || text.size() == 4) && mode <= 0777) return mode_t{mode};
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CEscape(text),
                                                 "\" is no mode of a file; write it in octal, from "
                                                 "\"0000\" to \"0777\", for example \"0660\""));
}

absl::StatusOr<SocketRights> FindSocketRights(const std::string& mode, const std::string& owner,
                                              const std::string& group, absl::string_view field) {
  SocketRights rights;
  if (!mode.empty()) {
    const absl::StatusOr<mode_t> parsed = ParseSocketMode(mode);
    if (!parsed.ok()) return config::AtField(parsed.status(), absl::StrCat(field, ".mode"));
    rights.mode = *parsed;
  }
  if (!owner.empty()) {
    const absl::StatusOr<Id> id = FindOwner(owner);
    if (!id.ok()) return config::AtField(id.status(), absl::StrCat(field, ".owner"));
    rights.owner = *id;
  }
  if (!group.empty()) {
    const absl::StatusOr<Id> id = FindGroupToGive(group);
    if (!id.ok()) return config::AtField(id.status(), absl::StrCat(field, ".group"));
    rights.group = *id;
  }
  return rights;
}

}  // namespace muster::listen
