#ifndef MUSTER_MASTER_UPGRADE_UPGRADE_START_H_
#define MUSTER_MASTER_UPGRADE_UPGRADE_START_H_

#include <string>
#include <vector>

namespace muster::master {

// How one program of a master tells the next one what it is executed for: by three arguments in
// front of all others, which no user writes by accident. The first is one of these; the second has
// two numbers, "7:0"; the third is a text.
//
// kRestoreFlag, the descriptor of the state : how often the state was restored before, and why the
// program after was left (empty: it was not): become the master that the state is of.
// kTryFlag, the descriptor of the state : the one that takes the verdict: say whether you could.
inline constexpr char kRestoreFlag[] = "--restore-master";
inline constexpr char kTryFlag[] = "--try-master";
inline constexpr int kUpgradeArguments = 3;

// As what the program was started.
struct UpgradeStart {
  enum class Role {
    kNone,     // by a user or a service manager
    kTrial,    // beside a running master
    kRestore,  // in the process of a running master
    kUnfit,    // with one of the flags, and something else than a master writes
  };
  Role role = Role::kNone;
  int state = -1;               // a descriptor (state_file.h)
  int verdict = -1;             // kTrial: a descriptor
  int tries = 0;                // kRestore: 0 is the first
  const char* undone_for = "";  // kRestore: "" if the state is the program's before this one
};

// Never allocates, so that it can be used before the constructors of libraries.
UpgradeStart ReadUpgradeStart(int argc, const char* const* argv);

// The arguments of such a program; `rest` has those of its user, without the program's name.
std::vector<std::string> TrialArguments(const std::string& program, int state, int verdict,
                                        const std::vector<std::string>& rest);
std::vector<std::string> RestoreArguments(const std::string& program, int state, int tries,
                                          const std::string& undone_for,
                                          const std::vector<std::string>& rest);

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_UPGRADE_START_H_
