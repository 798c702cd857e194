#ifndef MUSTER_TESTS_CHAOS_PLAN_H_
#define MUSTER_TESTS_CHAOS_PLAN_H_

#include <cstdint>

#include "muster/tests/chaos/action.h"

namespace muster::tests::chaos {

// The actions of a run, one after the other. They depend on the seed alone: not on time, not on
// what the processes do, nor on the machine (std::uniform_int_distribution would).
class Plan {
 public:
  explicit Plan(std::uint64_t seed);

  // The configuration that the master is started with.
  const Settings& first() const { return first_; }
  Action Next();

 private:
  std::uint64_t Any();
  int Any(int below) { return static_cast<int>(Any() % below); }
  Settings AnySettings();
  Action AnyAction();
  Action AReload();
  Action InARow();
  Action ARefusedReload();
  static bool Crashes(const Action& action);
  // Whether it makes sense now: what is not paused is not resumed.
  bool IsPossible(const Action& action) const;
  void Note(const Action& action);

  std::uint64_t state_;
  Settings first_;
  // What is so after the actions until now, as far as it can be known without a look at processes.
  int step_ = 0;
  int workers_ = 0;
  bool can_scale_ = true;
  int clients_;
  int stopped_ = 0;
  bool is_paused_ = false;
  bool is_upgraded_ = false;  // and the upgrade is on trial
  bool are_logs_full_ = false;
};

// How many clients a run begins with.
inline constexpr int kFirstClients = 24;

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_PLAN_H_
