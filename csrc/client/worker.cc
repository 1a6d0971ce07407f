#include "client/worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace aiges::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSweep{50};
constexpr milliseconds kRetry{100};
constexpr milliseconds kConnect{5000};      // for the first connection
constexpr std::chrono::seconds kDrain{10};  // for answers, after the end

std::size_t share(std::size_t all, std::size_t parts, std::size_t index) {
  return all / parts + (index < all % parts ? 1 : 0);
}

std::string cannot_connect(int error) {
  return std::string("cannot connect: ") + std::strerror(error);
}

}  // namespace

Worker::Worker(Run& run, std::size_t index)
    : run_(run),
      threads_(run.load.plan.threads),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      next_arrival_(index) {
  const LoadPlan& plan = run.load.plan;
  for (std::size_t i = 0; i < share(plan.connections, threads_, index); ++i)
    links_.push_back(std::make_unique<Link>(run.address, plan.token, traffic_));
  for (std::size_t i = 0; i < share(plan.concurrency, threads_, index); ++i) {
    exchanges_.push_back(make_exchange(run.load, *this));
    exchanges_.back()->home = i % links_.size();
    idle_.push_back(exchanges_.back().get());
  }
}

Worker::~Worker() = default;

Status Worker::open() {
  const auto refuse = [this](const std::string& what) {
    return Status(ErrorKind::kLoad, Code::kInvalidData, "connect",
                  run_.load.plan.target + ": " + what);
  };
  epoll_event event{};
  event.events = EPOLLIN;
  if (!epoll_ || !timer_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event) != 0)
    return refuse(std::string("no epoll: ") + std::strerror(errno));
  for (const auto& link : links_) {
    if (!link->connection.connect()) return refuse(cannot_connect(errno));
  }
  const Deadline deadline = Deadline::after(kConnect);
  for (const auto& link : links_) {
    pollfd waiting{link->connection.socket(), POLLOUT, 0};
    while (::poll(&waiting, 1, 50) == 0) {
      if (deadline.passed()) return refuse("no answer to a connection attempt within 5 s");
    }
    if (const int error = link->connection.connected(); error != 0)
      return refuse(cannot_connect(error));
    watch(*link);
  }
  return {};
}

// ---- units of load ----

Clock::time_point Worker::due_of(std::uint64_t number) const {
  return run_.begin + std::chrono::duration_cast<Clock::duration>(arrival(run_.load.plan, number));
}

bool Worker::take_ticket(Clock::time_point due) {
  const std::uint64_t count = run_.load.plan.count;
  if (count == 0 || !measured(due)) return true;
  if (!exhausted_ && run_.begun.fetch_add(1, std::memory_order_relaxed) < count) return true;
  exhausted_ = true;
  return false;
}

void Worker::begin(Exchange& exchange, Link& link, Clock::time_point due) {
  if (!link.connection.is_open() || link.connection.is_leaving()) {
    link.waiting.push_back(&exchange);
    return;
  }
  active_.store(active_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  exchange.begin(link.connection, due);
}

Worker::Link* Worker::free_link() {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    Link* link = links_[next_link_++ % links_.size()].get();
    if (link->connection.is_open() && !link->connection.is_leaving()) return link;
  }
  return nullptr;
}

bool Worker::any_waits() const {
  return std::ranges::any_of(links_, [](const auto& link) { return !link->waiting.empty(); });
}

void Worker::finished(Exchange& exchange, const Failure* failure) {
  const Clock::time_point now = Clock::now();
  active_.store(active_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  if (measured(exchange.due())) {
    if (failure) {
      report_.fail(*failure);
      failed_.store(report_.failed, std::memory_order_relaxed);
    } else {
      ++report_.answered;
      report_.latency.record(std::chrono::nanoseconds(now - exchange.due()).count());
      if (run_.load.plan.stream)
        report_.ending.record(std::chrono::nanoseconds(now - exchange.input_ended()).count());
      for (const std::int64_t age : exchange.check().ages()) report_.age.record(age);
    }
    last_answer_ = now;
  }
  // The window's count takes what began before it and ended in it: as many began in it and did not.
  if (!failure && now >= run_.warm && now <= run_.stop) ++report_.in_time;

  if (open_loop()) {
    idle_.push_back(&exchange);
    begin_late();
  } else if (!stopping_ && take_ticket(now)) {
    begin(exchange, home_of(exchange), now);
  }
}

void Worker::wake_at(Exchange& exchange, Clock::time_point time) {
  alarms_.push({time, &exchange, exchange.unit()});
}

void Worker::touched(Connection& connection) {
  // Links are few, and those of one turn fewer.
  for (const auto& link : links_) {
    if (&link->connection != &connection) continue;
    if (!std::exchange(link->touched, true)) touched_.push_back(link.get());
    return;
  }
}

void Worker::begin_late() {
  while (!late_.empty() && !idle_.empty() && !stopping_) {
    Link* link = free_link();
    if (!link) return;
    Exchange* exchange = idle_.back();
    idle_.pop_back();
    const Clock::time_point due = late_.front();
    late_.pop_front();
    begin(*exchange, *link, due);
  }
}

void Worker::take_arrivals(Clock::time_point now) {
  while (!arrivals_over_) {
    const Clock::time_point due = due_of(next_arrival_);
    if (due > now) break;
    if (due >= run_.stop || !take_ticket(due)) {
      arrivals_over_ = true;
      break;
    }
    next_arrival_ += threads_;
    late_.push_back(due);
    begin_late();
  }
  begin_late();  // a connection may have come back
}

void Worker::ring_alarms(Clock::time_point now) {
  while (!alarms_.empty() && alarms_.top().time <= now) {
    const Alarm alarm = alarms_.top();
    alarms_.pop();
    if (alarm.exchange->under_way() && alarm.exchange->unit() == alarm.unit)
      alarm.exchange->on_timer();
  }
}

// ---- connections ----

void Worker::watch(Link& link) {
  const std::uint32_t wanted =
      link.connecting ? EPOLLOUT : EPOLLIN | (link.connection.wants_write() ? EPOLLOUT : 0U);
  if (wanted == link.events) return;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = &link;
  ::epoll_ctl(epoll_.get(), link.events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
              link.connection.socket(), &event);
  link.events = wanted;
}

void Worker::connect(Link& link, Clock::time_point now) {
  link.retry_at = now + kRetry;
  link.events = 0;
  link.answered = false;
  if (!link.connection.connect()) {
    not_connected(link, errno);
    return;
  }
  link.connecting = true;
  watch(link);
}

void Worker::connected(Link& link) {
  link.connecting = false;
  if (const int error = link.connection.connected(); error != 0) {
    not_connected(link, error);
    return;
  }
  watch(link);
  touched(link.connection);
  for (Exchange* exchange : std::exchange(link.waiting, {})) {
    const Clock::time_point now = Clock::now();
    if (!stopping_ && !exchange->under_way()) begin(*exchange, link, now);
  }
}

void Worker::not_connected(Link& link, int error) {
  link.connecting = false;
  link.events = 0;
  link.retry_at = Clock::now() + kRetry;
  const Clock::time_point now = Clock::now();
  if (!measured(now) || stopping_) return;
  // What waited for it has failed, and what follows waits: a count comes to its end.
  const std::uint64_t times = open_loop() ? 1 : link.waiting.size();
  if (times == 0) return;
  report_.fail({"connection", cannot_connect(error)}, times);
  failed_.store(report_.failed, std::memory_order_relaxed);
  std::erase_if(link.waiting, [&](Exchange*) { return !take_ticket(now); });
}

void Worker::lost(Link& link) {
  link.events = 0;  // the socket is closed, and out of epoll by that
  ++report_.reconnects;
  // A server that takes connections and drops them unused must not be stormed.
  link.retry_at = link.answered ? Clock::now() : Clock::now() + kRetry;
}

void Worker::flush() {
  // It may grow meanwhile.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    Link& link = *touched_[i];
    link.touched = false;
    if (!link.connection.is_open()) continue;
    if (!link.connection.flush()) {
      lost(link);
    } else {
      watch(link);
    }
  }
  touched_.clear();
}

void Worker::sweep(Clock::time_point now) {
  next_sweep_ = now + kSweep;
  for (const auto& link : links_) {
    if (link->connection.is_open() || link->connecting || stopping_) continue;
    if (now >= link->retry_at) connect(*link, now);
  }
  const auto timeout = run_.load.plan.timeout;
  for (const auto& exchange : exchanges_) {
    if (!exchange->under_way() || now - exchange->begun() < timeout) continue;
    exchange->abandon();
    const Failure failure{
        "timeout", "no answer within " +
                       std::to_string(std::chrono::duration_cast<milliseconds>(timeout).count()) +
                       " ms"};
    finished(*exchange, &failure);
  }
}

// ---- the thread ----

Clock::time_point Worker::next_event() const {
  Clock::time_point next = next_sweep_;
  if (!warm_) next = std::min(next, run_.warm);
  if (!over_) next = std::min(next, run_.stop);
  if (!alarms_.empty()) next = std::min(next, alarms_.top().time);
  if (open_loop() && !arrivals_over_) next = std::min(next, due_of(next_arrival_));
  return next;
}

void Worker::wait(Clock::time_point until) {
  if (until != armed_) {
    const auto since =
        std::max<std::int64_t>(std::chrono::nanoseconds(until.time_since_epoch()).count(), 1);
    itimerspec when{};
    when.it_value.tv_sec = since / 1'000'000'000;
    when.it_value.tv_nsec = since % 1'000'000'000;
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    armed_ = until;
  }
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* link = static_cast<Link*>(event.data.ptr);
    if (!link) {
      std::uint64_t expirations = 0;
      if (::read(timer_.get(), &expirations, sizeof(expirations)) > 0) armed_ = {};
      continue;
    }
    if (link->connecting) {
      connected(*link);
      continue;
    }
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && link->connection.is_open()) {
      if (!link->connection.readable()) {
        lost(*link);
        continue;
      }
      link->answered = true;
    }
    if (link->connection.is_open()) touched(link->connection);
  }
}

void Worker::count_traffic(Clock::time_point now) {
  if (!warm_ && now >= run_.warm) {
    warm_ = true;
    traffic_at_warm_ = traffic_;
  }
  if (!over_ && (now >= run_.stop || stopping_)) {
    over_ = true;
    report_.bytes_sent = traffic_.sent - traffic_at_warm_.sent;
    report_.bytes_received = traffic_.received - traffic_at_warm_.received;
  }
}

void Worker::give_up(const char* code, const char* text) {
  for (const auto& exchange : exchanges_) {
    if (!exchange->under_way()) continue;
    exchange->abandon();
    if (code && measured(exchange->due())) report_.fail({code, text});
  }
}

void Worker::run() {
  next_sweep_ = run_.begin + kSweep;
  Clock::time_point drained = Clock::time_point::max();
  if (!open_loop()) {
    for (Exchange* exchange : std::exchange(idle_, {})) {
      const Clock::time_point now = Clock::now();
      if (take_ticket(now)) begin(*exchange, home_of(*exchange), now);
    }
  }
  for (;;) {
    const Clock::time_point now = Clock::now();
    const bool cancelled = run_.cancelled.load(std::memory_order_relaxed);
    // Before the end is seen: what was due up to then counts, however late this thread is.
    if (open_loop() && !stopping_ && !cancelled) take_arrivals(now);
    if (!stopping_ && (now >= run_.stop || cancelled)) {
      stopping_ = true;
      drained = now + std::min<Clock::duration>(kDrain, run_.load.plan.timeout);
    }
    count_traffic(now);
    const bool none = active_.load(std::memory_order_relaxed) == 0;
    const bool all_sent =
        open_loop() ? arrivals_over_ && late_.empty() : exhausted_ && !any_waits();
    if (none && (stopping_ || (run_.load.plan.count != 0 && all_sent))) break;
    if (cancelled || now >= drained) {
      give_up(cancelled ? nullptr : "timeout", "no answer long after the end of the run");
      break;
    }
    ring_alarms(now);
    if (now >= next_sweep_) sweep(now);
    flush();
    wait(next_event());
    flush();
  }
  stopping_ = true;
  count_traffic(Clock::now());
  for (const Clock::time_point due : late_)
    if (measured(due)) ++report_.unsent;
}

void Worker::add_progress(LoadProgress& progress) const {
  progress.answered += report_.latency.count();
  progress.failed += failed_.load(std::memory_order_relaxed);
  progress.under_way += active_.load(std::memory_order_relaxed);
}

}  // namespace aiges::client
