#include "muster/master/upgrade/state_file.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"

namespace muster::master {
namespace {

absl::Status Unfit(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the state of the master: ", why));
}

}  // namespace

absl::StatusOr<ipc::UniqueFd> WriteStateFile(const WayBack& way_back, const std::string& state) {
  std::string texts;
  for (const std::string& argument : way_back.arguments) {
    texts.append(argument.c_str(), std::strlen(argument.c_str()) + 1);
  }
  StateFront front = {};
  std::memcpy(front.magic, kStateMagic, sizeof(front.magic));
  front.form = kStateForm;
  front.way_back = way_back.program;
  front.deadline_ms = static_cast<std::uint32_t>(way_back.deadline.count());
  front.descriptors = static_cast<std::uint32_t>(way_back.descriptors.size());
  front.arguments = static_cast<std::uint32_t>(way_back.arguments.size());
  front.argument_bytes = texts.size();
  std::string bytes(reinterpret_cast<const char*>(&front), sizeof(front));
  for (const std::int32_t number : way_back.descriptors) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  bytes += texts;
  bytes += state;
  if (bytes.size() > kMostStateBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the state of the master has ", bytes.size(),
                                                     " bytes; at most ", kMostStateBytes,
                                                     " are passed on"));
  }
  return ipc::SealBytes("muster-state", bytes);
}

absl::StatusOr<std::string> ReadStateFile(int fd) {
  MUSTER_ASSIGN_OR_RETURN(std::string bytes, ipc::ReadSealedBytes(fd, kMostStateBytes));
  StateFront front;
  if (bytes.size() < sizeof(front)) return Unfit("it is too short");
  std::memcpy(&front, bytes.data(), sizeof(front));
  if (std::memcmp(front.magic, kStateMagic, sizeof(front.magic)) != 0) {
    return Unfit("it does not begin as one does");
  }
  if (front.form != kStateForm) {
    return Unfit(
        absl::StrCat("its front has form ", front.form, "; this program reads form ", kStateForm));
  }
  const std::size_t left = bytes.size() - sizeof(front);
  const std::uint64_t numbers = std::uint64_t{front.descriptors} * sizeof(std::int32_t);
  if (numbers > left || front.argument_bytes > left - numbers) return Unfit("its front is cut off");
  return bytes.substr(sizeof(front) + numbers + front.argument_bytes);
}

}  // namespace muster::master
