#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "engine/watchdog.h"

namespace aiges {

// Asks again whose engine had nothing yet: all sessions of a manager with one alarm, and one job of
// the executor for all that are due. Any thread; nothing runs while nobody waits.
//
// Those that are due are asked one after the other, in a round. Who is slow has a job of its own. A
// round that takes long, be it that a read hangs or that there is too much to do, is helped by
// another one, which takes over what the first has not begun.
class Poller final : public std::enable_shared_from_this<Poller> {
 public:
  class Client {
   public:
    virtual void poll() = 0;  // may block in the engine

   protected:
    ~Client() = default;
  };

  // Both outlive the poller and its clients.
  static std::shared_ptr<Poller> make(Watchdog& watchdog, Executor& executor);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Asks `client` once, unless it is gone by then. The pause doubles with `attempt` (0, 1, ...) up
  // to a limit that grows with the number of those who wait. `ask_time` is how long asking it
  // takes, on the average.
  void add(std::weak_ptr<Client> client, int attempt, Clock::duration ask_time);

  // How many have been added and not been asked yet.
  std::size_t waiting();
  bool has_alarm();

 private:
  struct Entry {
    Clock::time_point due;
    std::weak_ptr<Client> client;
    bool slow = false;
  };

  Poller(Watchdog& watchdog, Executor& executor) : watchdog_(watchdog), executor_(executor) {}
  Clock::time_point due_after(int attempt) const AIGES_REQUIRES(mutex_);
  void arm() AIGES_REQUIRES(mutex_);
  void fire(std::uint64_t alarm_number);
  void round(std::uint64_t number);
  void submit(const std::function<void()>& job);

  Watchdog& watchdog_;
  Executor& executor_;

  Mutex mutex_;
  std::vector<Entry> waiting_ AIGES_GUARDED_BY(mutex_);  // a heap, the soonest in front
  std::deque<Entry> due_ AIGES_GUARDED_BY(mutex_);       // what rounds take from
  std::uint64_t newest_round_ AIGES_GUARDED_BY(mutex_) = 0;
  // When one more round may start: at once if the newest has ended, never before it has begun.
  Clock::time_point help_at_ AIGES_GUARDED_BY(mutex_) = Clock::time_point::min();
  Watchdog::Id alarm_ AIGES_GUARDED_BY(mutex_) = 0;
  Clock::time_point alarm_at_ AIGES_GUARDED_BY(mutex_);
  // Tells an alarm that was replaced while it went off.
  std::uint64_t alarm_number_ AIGES_GUARDED_BY(mutex_) = 0;
};

}  // namespace aiges
