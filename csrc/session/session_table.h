#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "engine/watchdog.h"

namespace aiges {

class StreamSession;

// The sessions of one server by their handles, and which handles were released lately. Any thread;
// handles are spread over parts with a lock each.
class SessionTable final : public std::enable_shared_from_this<SessionTable> {
 public:
  struct Options {
    Clock::duration early_hold = std::chrono::milliseconds(200);
    std::size_t max_held = 1000;  // most look-ups that wait for a session at once
  };
  using Found = Result<std::shared_ptr<StreamSession>>;
  using FoundCallback = std::function<void(Found)>;

  // A handle that is taken and has no session yet (it waits for a licence, or the engine is asked),
  // or never gets one (a once call). Look-ups for it wait meanwhile. Given up at the end of its
  // life.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept = default;
    // NOLINTBEGIN(bugprone-exception-escape): what is called by give_up() does not throw
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation() { give_up(); }
    // NOLINTEND(bugprone-exception-escape)

    const std::string& handle() const { return handle_; }
    explicit operator bool() const { return table_ != nullptr; }
    // The session is there: who waits for it gets it now, on this thread.
    void fill(std::shared_ptr<StreamSession> session);
    // It came to its end without a session: remembered as released.
    void finish();
    // As if it had never been.
    void give_up();

   private:
    friend class SessionTable;
    std::shared_ptr<SessionTable> table_;
    std::string handle_;
  };

  // `watchdog` outlives the table.
  static std::shared_ptr<SessionTable> make(Watchdog& watchdog, Options options);
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // Fails with 10110 and "handle:<h> is already stored" when the handle is in use.
  Result<Reservation> reserve(std::string handle);
  // 10101 for a handle that was released lately, 10008 for one that is unknown or only reserved.
  Found find(std::string_view handle);
  // The same, but a frame may be ahead of the first one: waits for a reserved handle until the
  // deadline, for an unknown one no longer than `early_hold`. `found` is called once: within this
  // call, on the thread that fills the reservation, or on the watchdog's. Must not block.
  void find_or_wait(std::string_view handle, Deadline deadline, FoundCallback found);
  // Forgets the handle if it is `session`'s, and remembers that it was released.
  bool erase(std::string_view handle, const StreamSession* session);

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  std::vector<std::shared_ptr<StreamSession>> sessions();
  // Waits until the table holds neither session nor reservation. False at the deadline.
  bool wait_empty(Deadline deadline);

 private:
  using WaiterId = std::uint64_t;
  struct Waiter {
    FoundCallback found;
    Deadline deadline = Deadline::never();
    Watchdog::Id alarm = 0;
  };
  using Waiters = std::map<WaiterId, Waiter>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class T>
  using ByHandle = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  // Each part remembers as many as the whole server has to.
  static constexpr std::size_t kRemembered = 1000;
  static constexpr std::size_t kParts = 16;
  struct Part {
    Mutex mutex;
    // Null while only reserved.
    ByHandle<std::shared_ptr<StreamSession>> sessions AIGES_GUARDED_BY(mutex);
    ByHandle<Waiters> waiters AIGES_GUARDED_BY(mutex);
    // By hash: 8 bytes are enough to tell a handle that was from one that was not.
    std::deque<std::size_t> released AIGES_GUARDED_BY(mutex);
    std::unordered_map<std::size_t, int> released_times AIGES_GUARDED_BY(mutex);
    WaiterId last_waiter AIGES_GUARDED_BY(mutex) = 0;
  };

  SessionTable(Watchdog& watchdog, Options options) : watchdog_(watchdog), options_(options) {}
  Part& part_of(std::string_view handle) { return parts_[Hash()(handle) >> 8 & (kParts - 1)]; }
  static Status not_found(Part& part, std::string_view handle) AIGES_REQUIRES(part.mutex);
  static void remember(Part& part, std::string_view handle) AIGES_REQUIRES(part.mutex);
  // Keeps `found` until the handle has a session; false, with `found` as it was, at the limit.
  bool hold(Part& part, std::string_view handle, bool reserved, Deadline deadline,
            FoundCallback& found) AIGES_REQUIRES(part.mutex);
  static Waiters take_waiters(Part& part, const std::string& handle) AIGES_REQUIRES(part.mutex);
  Watchdog::Id set_alarm(std::string handle, WaiterId id, Deadline deadline);
  void end_reservation(const std::string& handle, bool remembered);
  void answer(Waiters waiters, const Found& found);
  void expire(const std::string& handle, WaiterId id);
  void shrunk();

  Watchdog& watchdog_;
  const Options options_;
  std::array<Part, kParts> parts_;
  std::atomic<std::size_t> size_{0};
  std::atomic<std::size_t> held_{0};
  std::atomic<int> empty_waiters_{0};
  Mutex empty_mutex_;
  CondVar emptied_;
};

}  // namespace aiges
