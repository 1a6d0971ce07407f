#include "session/licences.h"

#include <algorithm>
#include <string>

namespace aiges {

void Licence::release() {
  if (Licences* from = std::exchange(from_, nullptr)) from->give_back();
}

std::shared_ptr<Licences> Licences::make(Watchdog& watchdog, Options options) {
  // Not make_shared: the constructor is private.
  return std::shared_ptr<Licences>(new Licences(watchdog, options));
}

Licences::Licences(Watchdog& watchdog, Options options)
    : watchdog_(watchdog),
      max_waiting_(options.max_waiting),
      max_(options.max),
      state_(static_cast<std::int64_t>(options.max) * kOne) {}

bool Licences::take_free() {
  std::int64_t state = state_.load(std::memory_order_relaxed);
  while (!(state & kSlow) && state >= kOne) {
    if (state_.compare_exchange_weak(state, state - kOne, std::memory_order_acquire)) return true;
  }
  return false;
}

void Licences::give_back() {
  std::int64_t state = state_.load(std::memory_order_relaxed);
  while (!(state & kSlow)) {
    if (state_.compare_exchange_weak(state, state + kOne, std::memory_order_release)) return;
  }
  // Who waits for the last one to come back may then let go of the licences.
  const std::shared_ptr<Licences> self = shared_from_this();
  {
    MutexLock lock(mutex_);
    state_.fetch_add(kOne);
    settle();
    if (closed_) returned_.notify_all();
  }
  make_calls();
}

void Licences::settle() {
  while (!waiters_.empty() && state_.load() >= kOne) {
    state_.fetch_sub(kOne);
    calls_.push_back({remove(waiters_.begin()), {}});
  }
  if (waiters_.empty() && !closed_) state_.fetch_and(~kSlow);
}

Licences::Granted Licences::remove(std::map<WaiterId, Waiter>::iterator waiter) {
  if (waiter->second.alarm != 0) watchdog_.cancel(waiter->second.alarm);
  Granted granted = std::move(waiter->second.granted);
  waiters_.erase(waiter);
  waiting_count_.store(waiters_.size(), std::memory_order_relaxed);
  return granted;
}

void Licences::make_calls() {
  const std::shared_ptr<Licences> self = shared_from_this();  // so may what is called
  for (bool first = true;; first = false) {
    Call call;
    {
      MutexLock lock(mutex_);
      if (first && calling_) return;
      calling_ = !calls_.empty();
      if (!calling_) return;
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    if (call.refused.ok()) {
      call.granted(Licence(this));
    } else {
      call.granted(std::move(call.refused));
    }
  }
}

Status Licences::refusal(const char* why) {
  refused_.fetch_add(1, std::memory_order_relaxed);
  return Status(ErrorKind::kOverload, Code::kOverload, "licence",
                "service license not enough: " + std::to_string(in_use()) + " of " +
                    std::to_string(max()) + " are in use" + why);
}

Licence Licences::try_acquire() {
  if (take_free()) return Licence(this);
  refused_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Licences::WaiterId Licences::acquire(Deadline deadline, Granted granted) {
  if (take_free()) {
    granted(Licence(this));
    return 0;
  }
  Status refused;
  {
    MutexLock lock(mutex_);
    if (closed_) {
      refused = refusal("; the server is going down");
    } else {
      // From here on nobody takes or returns one without the mutex.
      state_.fetch_or(kSlow);
      if (waiters_.empty() && state_.load() >= kOne) {
        state_.fetch_sub(kOne);
      } else if (waiters_.size() >= max_waiting_ || deadline.passed()) {
        refused = refusal(max_waiting_ == 0 ? "" : "; too many wait for one");
      } else {
        return enqueue(deadline, std::move(granted));
      }
      if (waiters_.empty()) state_.fetch_and(~kSlow);
    }
  }
  if (refused.ok()) {
    granted(Licence(this));
  } else {
    granted(std::move(refused));
  }
  return 0;
}

Licences::WaiterId Licences::enqueue(Deadline deadline, Granted granted) {
  const WaiterId id = ++last_waiter_;
  Waiter& waiter = waiters_[id];
  waiter.granted = std::move(granted);
  waiting_count_.store(waiters_.size(), std::memory_order_relaxed);
  if (!deadline.infinite()) {
    waiter.alarm = watchdog_.schedule(deadline, [weak = weak_from_this(), id] {
      if (const std::shared_ptr<Licences> self = weak.lock()) self->expire(id);
    });
  }
  return id;
}

void Licences::expire(WaiterId id) {
  {
    MutexLock lock(mutex_);
    const auto waiter = waiters_.find(id);
    if (waiter == waiters_.end()) return;
    waiter->second.alarm = 0;  // it is this call
    calls_.push_back({remove(waiter), refusal("; none came back in time")});
    settle();
  }
  make_calls();
}

bool Licences::cancel(WaiterId id) {
  Granted dropped;  // what it holds is released outside the lock
  MutexLock lock(mutex_);
  const auto waiter = waiters_.find(id);
  if (waiter == waiters_.end()) return false;
  dropped = remove(waiter);
  if (waiters_.empty() && !closed_) state_.fetch_and(~kSlow);
  return true;
}

void Licences::resize(std::size_t max) {
  {
    MutexLock lock(mutex_);
    const std::size_t before = max_.exchange(max);
    state_.fetch_add((static_cast<std::int64_t>(max) - static_cast<std::int64_t>(before)) * kOne);
    settle();
    if (closed_) returned_.notify_all();
  }
  make_calls();
}

void Licences::close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    state_.fetch_or(kSlow);
    while (!waiters_.empty())
      calls_.push_back({remove(waiters_.begin()), refusal("; the server is going down")});
  }
  make_calls();
}

bool Licences::wait_idle(Deadline deadline) {
  MutexLock lock(mutex_);
  return wait_for(returned_, mutex_, {deadline, nullptr},
                  [this]() AIGES_REQUIRES(mutex_) { return in_use() == 0; }) == WaitOutcome::kReady;
}

std::size_t Licences::in_use() const {
  // Halved towards minus infinity, which drops kSlow. The two are not read at one moment.
  const std::int64_t used = static_cast<std::int64_t>(max()) - (state_.load() >> 1);
  return static_cast<std::size_t>(std::max<std::int64_t>(used, 0));
}

}  // namespace aiges
