#ifndef MUSTER_MASTER_ADMIN_WATCH_FEED_H_
#define MUSTER_MASTER_ADMIN_WATCH_FEED_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace muster::master {

// Says when each of many readers is to look for news, in one thread of its own. Readers that asked
// for the same interval look at the same time, so that they can share what they send, and there is
// one timer for all of them. The thread is made for the first reader, and sleeps while there is no
// news. Thread-safe; no call waits for a reader.
class Feed {
 public:
  using Clock = std::chrono::steady_clock;

  class Reader {
   public:
    virtual ~Reader() = default;
    // Sends what is new to it. In the feed's thread. Must not block.
    virtual void Look() = 0;
    // The feed ends. In the thread of Close.
    virtual void End() = 0;
  };

  enum class Kind {
    kTold,   // looks after News, as often as the interval allows
    kPolls,  // looks once in each interval
  };

  Feed() = default;
  // Close must have been called.
  ~Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Has it look at once, and then as the kind says, until it leaves.
  void Join(const std::shared_ptr<Reader>& reader, Kind kind, Clock::duration interval);
  void Leave(Reader* reader);
  // Has it look once more, as soon as can be: it could not send all that it has.
  void LookAgain(Reader* reader);
  // Returns when the thread does not have readers look, or has had the next few do so. What is done
  // after each message waits here: so the threads that do it are woken once for many messages, and
  // not for each, which would be most of what a message costs. They wait a few milliseconds at
  // most.
  void AwaitPause() { const std::lock_guard round(round_); }
  // There may be something new for the readers that are told.
  void News();
  // Ends all readers, and those that come later, as any that no thread can be had for. Waits for
  // the thread, which waits for nobody.
  void Close();

 private:
  using Key = std::pair<Kind, Clock::duration>;
  struct Group {
    std::map<Reader*, std::shared_ptr<Reader>> readers;
    Clock::time_point last{};  // when they looked; or the first one joined
    bool has_news = false;
  };

  // The lock is held. Makes it if need be. False: it is closed, or the machine has no thread left.
  bool HasThread();
  void Run();
  // The lock is held. Moves those who are to look now to `looking`. Returns when the next ones are.
  Clock::time_point Collect(Clock::time_point now);

  // That look without a pause.
  static constexpr std::size_t kRound = 64;

  std::mutex round_;  // held while readers look; taken before all others
  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::thread thread_;
  bool is_closed_ = false;
  bool all_have_news_ = true;  // who is told: nobody needs to be told more
  std::map<Key, Group> groups_;
  std::map<Reader*, Key> keys_;
  std::vector<std::shared_ptr<Reader>> at_once_;
  std::vector<std::shared_ptr<Reader>> looking_;  // of the thread
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_FEED_H_
