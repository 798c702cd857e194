#ifndef MUSTER_MASTER_KEEP_DESCRIPTOR_INHERITANCE_H_
#define MUSTER_MASTER_KEEP_DESCRIPTOR_INHERITANCE_H_

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// The descriptors that a program has got from the one that executed it in the same process, or in
// a child that tries it: those that DescriptorKeep had noted. What is restored gets duplicates of
// them. So until Settle they are open under the numbers that the state has, and exec leaves them
// open, whatever is restored, destroyed or broken meanwhile: the earlier program can come back at
// any moment, and finds them. One thread at a time.
class DescriptorInheritance {
 public:
  // `numbers`: what DescriptorKeep::numbers was. They are this object's from now on, but destroying
  // it without Settle leaves them open.
  explicit DescriptorInheritance(std::set<int> numbers) : left_(std::move(numbers)) {}
  DescriptorInheritance(const DescriptorInheritance&) = delete;
  DescriptorInheritance& operator=(const DescriptorInheritance&) = delete;

  // A duplicate of descriptor `fd`, which exec closes, for the field of the state that has the
  // number. InvalidArgument, with the field: it was not inherited, is not open, or another field
  // has it already. ResourceExhausted: this process may not have as many.
  absl::StatusOr<ipc::UniqueFd> Adopt(int fd, absl::string_view field);
  // The descriptor itself, for a file with a lock that the process loses when it closes any
  // descriptor of the file (F_SETLK). The caller does not close it before Settle, and owns it from
  // then on.
  absl::StatusOr<int> Borrow(int fd, absl::string_view field);

  // The program has taken over for good. Closes what was adopted and what nobody wanted; exec
  // closes what was borrowed. Nothing can be adopted any more.
  void Settle();

 private:
  absl::Status Take(int fd, absl::string_view field);

  std::set<int> left_;
  std::map<int, std::string> taken_;  // with the field
  std::set<int> borrowed_;            // of those
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_KEEP_DESCRIPTOR_INHERITANCE_H_
