#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"
#include "base/wait.h"
#include "engine/watchdog.h"

namespace aiges {

class Licences;

// The right to one session or one once call, given back once: by release(), or at the end of its
// life. Must not outlive the Licences that it came from.
class Licence {
 public:
  Licence() = default;
  Licence(Licence&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
  // NOLINTBEGIN(bugprone-exception-escape): what is called by release() does not throw
  Licence& operator=(Licence&& other) noexcept {
    if (this != &other) {
      release();
      from_ = std::exchange(other.from_, nullptr);
    }
    return *this;
  }
  ~Licence() { release(); }
  // NOLINTEND(bugprone-exception-escape)

  explicit operator bool() const { return from_ != nullptr; }
  // May run the `granted` of someone who waits: call it with no lock held.
  void release();

 private:
  friend class Licences;
  explicit Licence(Licences* from) : from_(from) {}
  Licences* from_ = nullptr;
};

// How many sessions and once calls there may be at once ([fc].max), and the queue of those who wait
// for one. Any thread. Who comes while others wait queues behind them.
class Licences final : public std::enable_shared_from_this<Licences> {
 public:
  struct Options {
    std::size_t max = 1;
    std::size_t max_waiting = 0;  // most that wait at once; 0: nobody waits, overload is refused
  };
  // Called once, with a licence or the reason why there is none, on the thread of whoever gave one
  // back, on the watchdog's at the deadline, or within acquire(). Must be short and must not block.
  using Granted = std::function<void(Result<Licence>)>;
  using WaiterId = std::uint64_t;  // 0: nobody

  // `watchdog` outlives the licences.
  static std::shared_ptr<Licences> make(Watchdog& watchdog, Options options);
  Licences(const Licences&) = delete;
  Licences& operator=(const Licences&) = delete;

  // An empty licence when there is none, which counts as refused.
  Licence try_acquire();
  // The same for who goes on to acquire(), which is where a refusal is counted then.
  Licence try_take() { return take_free() ? Licence(this) : Licence(); }
  // Gives a licence now, later, or not at all, as the options and the deadline say. Returns whom to
  // name to cancel(), or 0 when `granted` was called already.
  WaiterId acquire(Deadline deadline, Granted granted);
  // The waiter gives up: `granted` is not called. False when it was, or is being, called.
  bool cancel(WaiterId id);
  // Takes effect at once for who comes; those above a smaller number keep theirs until they return
  // it.
  void resize(std::size_t max);
  // Refuses everybody from now on, also those who wait.
  void close();
  // After close(): waits until every licence came back. False at the deadline.
  bool wait_idle(Deadline deadline);

  std::size_t max() const { return max_.load(std::memory_order_relaxed); }
  std::size_t in_use() const;
  std::size_t waiting() const { return waiting_count_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  friend class Licence;
  struct Waiter {
    Granted granted;
    Watchdog::Id alarm = 0;
  };
  struct Call {
    Granted granted;
    Status refused;  // or success: it gets a licence, which was taken for it already
  };

  Licences(Watchdog& watchdog, Options options);
  bool take_free();
  void give_back();
  void expire(WaiterId id);
  Status refusal(const char* why);
  // Calls what is to be called, unless somebody does so already: a grant that is given back within
  // itself must not nest.
  void make_calls() AIGES_EXCLUDES(mutex_);
  WaiterId enqueue(Deadline deadline, Granted granted) AIGES_REQUIRES(mutex_);
  Granted remove(std::map<WaiterId, Waiter>::iterator waiter) AIGES_REQUIRES(mutex_);
  // Hands free licences to those who wait, and leaves the fast path open when nobody does.
  void settle() AIGES_REQUIRES(mutex_);

  Watchdog& watchdog_;
  const std::size_t max_waiting_;
  std::atomic<std::size_t> max_;
  // Twice the number of free licences (less than none after shrinking), plus kSlow while somebody
  // waits or the licences are closed: then only the holder of the mutex changes it.
  static constexpr std::int64_t kSlow = 1;
  static constexpr std::int64_t kOne = 2;
  std::atomic<std::int64_t> state_;
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::size_t> waiting_count_{0};

  Mutex mutex_;
  CondVar returned_;
  std::map<WaiterId, Waiter> waiters_ AIGES_GUARDED_BY(mutex_);  // ids grow: first come, first
  WaiterId last_waiter_ AIGES_GUARDED_BY(mutex_) = 0;
  bool closed_ AIGES_GUARDED_BY(mutex_) = false;
  std::deque<Call> calls_ AIGES_GUARDED_BY(mutex_);
  bool calling_ AIGES_GUARDED_BY(mutex_) = false;
};

}  // namespace aiges
