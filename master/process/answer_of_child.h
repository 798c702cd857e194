#ifndef MUSTER_MASTER_PROCESS_ANSWER_OF_CHILD_H_
#define MUSTER_MASTER_PROCESS_ANSWER_OF_CHILD_H_

#include <string>

#include "absl/functional/function_ref.h"

namespace muster::master {

// What `ask` returns in a child of fork, for tests: the child is another process than one that
// holds a lock, and may have other limits and other mounts. At most 4 KiB. Blocks until the child
// has ended.
std::string AnswerOfChild(absl::FunctionRef<std::string()> ask);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_ANSWER_OF_CHILD_H_
