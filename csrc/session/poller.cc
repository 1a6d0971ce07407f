#include "session/poller.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace aiges {
namespace {

using std::chrono::microseconds;

constexpr auto kFirstPause = microseconds(20);
// The longest pause of a few, and what each one more adds to it: an ask costs about half of that,
// so that asking takes half a core at most.
constexpr auto kLongestPause = microseconds(500);
constexpr auto kPerClient = microseconds(1);
// Those who have waited long are due together, at multiples of this.
constexpr auto kTick = microseconds(250);
// Who is due so soon after the others is asked with them.
constexpr auto kSlack = microseconds(100);
// What takes so long is not asked together with others.
constexpr auto kSlow = microseconds(500);
// After this time a round gets help.
constexpr auto kLongRound = microseconds(500);

constexpr auto kLater = [](const auto& a, const auto& b) { return a.due > b.due; };

}  // namespace

std::shared_ptr<Poller> Poller::make(Watchdog& watchdog, Executor& executor) {
  // Not make_shared: the constructor is private.
  return std::shared_ptr<Poller>(new Poller(watchdog, executor));
}

Poller::~Poller() {
  if (alarm_ != 0) watchdog_.cancel(alarm_);
}

void Poller::add(std::weak_ptr<Client> client, int attempt, Clock::duration ask_time) {
  MutexLock lock(mutex_);
  waiting_.push_back({due_after(attempt), std::move(client), ask_time > kSlow});
  std::ranges::push_heap(waiting_, kLater);
  arm();
}

std::size_t Poller::waiting() {
  MutexLock lock(mutex_);
  return waiting_.size() + due_.size();
}

bool Poller::has_alarm() {
  MutexLock lock(mutex_);
  return alarm_ != 0;
}

Clock::time_point Poller::due_after(int attempt) const {
  const auto now = Clock::now();
  const auto waiting = static_cast<Clock::rep>(waiting_.size() + due_.size());
  const Clock::duration limit = std::max<Clock::duration>(kLongestPause, kPerClient * waiting);
  const Clock::duration pause = kFirstPause * (1 << std::min(attempt, 16));
  if (pause < limit) return now + pause;
  const Clock::time_point at = now + limit;
  return at - at.time_since_epoch() % kTick;
}

void Poller::arm() {
  Deadline at = waiting_.empty() ? Deadline::never() : Deadline::at(waiting_.front().due);
  if (!due_.empty()) at = at.sooner_of(Deadline::at(help_at_));
  if (at.infinite() || (alarm_ != 0 && alarm_at_ <= at.time())) return;
  if (alarm_ != 0) watchdog_.cancel(alarm_);
  alarm_at_ = at.time();
  alarm_ = watchdog_.schedule(at, [weak = weak_from_this(), number = ++alarm_number_] {
    if (const std::shared_ptr<Poller> self = weak.lock()) self->fire(number);
  });
}

void Poller::fire(std::uint64_t alarm_number) {
  std::vector<std::weak_ptr<Client>> slow;
  std::uint64_t new_round = 0;
  {
    MutexLock lock(mutex_);
    if (alarm_number != alarm_number_) return;
    alarm_ = 0;
    const Clock::time_point now = Clock::now();
    while (!waiting_.empty() && waiting_.front().due <= now + kSlack) {
      std::ranges::pop_heap(waiting_, kLater);
      if (waiting_.back().slow) {
        slow.push_back(std::move(waiting_.back().client));
      } else {
        due_.push_back(std::move(waiting_.back()));
      }
      waiting_.pop_back();
    }
    if (!due_.empty() && help_at_ <= now) {
      new_round = ++newest_round_;
      help_at_ = Clock::time_point::max();
    }
    arm();
  }
  if (new_round != 0) submit([self = shared_from_this(), new_round] { self->round(new_round); });
  for (std::weak_ptr<Client>& each : slow) {
    submit([weak = std::move(each)] {
      if (const std::shared_ptr<Client> client = weak.lock()) client->poll();
    });
  }
}

void Poller::submit(const std::function<void()>& job) {
  // Without an executor there is no thread that may block, but to leave it undone is worse.
  if (!executor_.submit(job)) job();
}

void Poller::round(std::uint64_t number) {
  for (bool begun = false;; begun = true) {
    std::weak_ptr<Client> next;
    {
      MutexLock lock(mutex_);
      if (due_.empty()) {
        if (number == newest_round_) help_at_ = Clock::time_point::min();
        return;
      }
      next = std::move(due_.front().client);
      due_.pop_front();
      if (!begun && number == newest_round_) {
        help_at_ = Clock::now() + kLongRound;
        arm();
      }
    }
    if (const std::shared_ptr<Client> client = next.lock()) client->poll();
  }
}

}  // namespace aiges
