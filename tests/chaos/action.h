#ifndef MUSTER_TESTS_CHAOS_ACTION_H_
#define MUSTER_TESTS_CHAOS_ACTION_H_

#include <chrono>
#include <optional>
#include <string>

namespace muster::tests::chaos {

// What a configuration of the run says, apart from its number.
struct Settings {
  enum class Accept { kExclusive, kMutex, kReuseport };
  enum class Log { kStandardError, kFifo, kFile };
  enum class AccessLog { kFile, kFifo, kNone };

  int workers = 2;
  Accept accept = Accept::kExclusive;
  // Of one worker. Some are too few for the clients, who wait then.
  int connections = 4096;
  int generations = 4;  // at most, of which clients are left
  Log log = Log::kStandardError;
  AccessLog access_log = AccessLog::kFile;

  bool operator==(const Settings&) const = default;
};

// Why a reload is refused.
enum class Mistake {
  kSyntax,
  kUnknownField,
  kAddressInUse,
  kNoProgram,
  kWorkersExit,
  kWorkersHang,    // at their start
  kOneWorkerOnly,  // the others exit
  kOthersHang,     // at their start, after one worker is ready
  kDescribeHangs,  // as long as the master lets it
};

// One thing that happens to a master and its workers. Which worker it happens to is a number, since
// a plan knows no processes: those that live then are counted from the oldest generation's first.
struct Action {
  enum class Kind {
    kReload,
    kRefusedReload,
    kTwoReloads,  // at the same time
    kReloadWithFewDescriptors,
    kReloadsInARow,  // each while downloads keep the generations before
    kKill,
    kStop,
    kContinue,     // all that are stopped
    kFillChannel,  // of a worker that is stopped; with `amount` 1 a reload comes before it goes on
    kFewDescriptors,
    kFillLogs,
    kReadLogs,
    kMoreWorkers,
    kFewerWorkers,
    kScaleTo,  // `amount` workers
    kRestart,
    kRollback,     // to the generation that served `amount` before
    kWorkerOrder,  // about `worker`
    kTrial,        // a reload on trial, which fails unless `passes`
    kUpgrade,      // to the same program; with `amount` 1 by a signal
    kUndo,         // of the upgrade
    kCommit,
    kPause,
    kResume,
    kReopen,
    kReopenBySignal,
    kConnect,
    kDisconnect,
    // Nothing is stopped, full, paused or on trial any more, and nothing drains: what has leaked
    // shows.
    kRest,
  };
  // What happens to a worker while a reload is under way.
  enum class Meanwhile { kNothing, kKill, kStop, kStopUntilAnswer };
  enum class Order { kRestart, kDrain, kQuit, kKill };

  Kind kind = Kind::kRest;
  int worker = 0;       // whom it happens to, modulo those that live
  int amount = 0;       // clients, reloads, workers, generations, or descriptors to spare
  Settings settings{};  // of the reload
  Mistake mistake = Mistake::kSyntax;
  Meanwhile meanwhile = Meanwhile::kNothing;
  Order order = Order::kRestart;
  bool passes = false;
  std::chrono::milliseconds delay{0};  // before what happens meanwhile, but kStopUntilAnswer

  bool operator==(const Action&) const = default;
};

// As ctl names it.
const char* NameOf(Action::Order order);
// Such as "reload: 3 workers, accept MUTEX".
std::string Text(const Action& action);

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_ACTION_H_
