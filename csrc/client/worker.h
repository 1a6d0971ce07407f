#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <vector>

#include "client/address.h"
#include "client/connection.h"
#include "client/exchange.h"
#include "client/report.h"

namespace aiges::client {

// What the threads of one run share.
struct Run {
  Run(const Load& run_load, const Address& run_address) : load(run_load), address(run_address) {}

  const Load& load;
  const Address& address;
  // Set before the threads start. Units that are due from `warm` to `stop` are measured.
  Clock::time_point begin;
  Clock::time_point warm;
  Clock::time_point stop = Clock::time_point::max();
  std::atomic<bool> cancelled{false};
  std::atomic<std::uint64_t> begun{0};  // of the plan's count
};

// One thread of a run: its share of the connections and of the units of load.
class Worker final : private ExchangeHost {
 public:
  Worker(Run& run, std::size_t index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Connects, before anything is measured.
  Status open();
  // The thread's body.
  void run();

  // After run(). `seconds` is not set.
  LoadReport& report() { return report_; }
  Clock::time_point last_answer() const { return last_answer_; }

  // Meanwhile, from any thread.
  void add_progress(LoadProgress& progress) const;
  const Histogram& latency() const { return report_.latency; }

 private:
  // A connection, also while there is none.
  struct Link {
    Link(const Address& address, const std::string& token, Connection::Traffic& traffic)
        : connection(address, token, traffic) {}
    Connection connection;
    bool connecting = false;
    bool touched = false;
    bool answered = false;     // since it is connected
    std::uint32_t events = 0;  // that are watched; 0: not registered
    Clock::time_point retry_at;
    std::vector<Exchange*> waiting;  // closed loop: what goes on here, once it is connected
  };
  struct Alarm {
    Clock::time_point time;
    Exchange* exchange;
    std::uint64_t unit;
    bool operator>(const Alarm& other) const { return time > other.time; }
  };

  void finished(Exchange& exchange, const Failure* failure) override;
  void wake_at(Exchange& exchange, Clock::time_point time) override;
  void touched(Connection& connection) override;

  bool open_loop() const { return run_.load.plan.rate > 0; }
  bool measured(Clock::time_point due) const { return due >= run_.warm; }
  // Whether one more unit may begin that is due then; counts it.
  bool take_ticket(Clock::time_point due);
  void begin(Exchange& exchange, Link& link, Clock::time_point due);
  Link& home_of(const Exchange& exchange) { return *links_[exchange.home]; }
  // The next that takes RPCs, in turns; null: none does.
  Link* free_link();
  bool any_waits() const;
  Clock::time_point due_of(std::uint64_t number) const;

  void take_arrivals(Clock::time_point now);
  void begin_late();
  void ring_alarms(Clock::time_point now);
  void sweep(Clock::time_point now);
  void count_traffic(Clock::time_point now);
  void flush();
  void connect(Link& link, Clock::time_point now);
  void connected(Link& link);
  void lost(Link& link);
  void not_connected(Link& link, int error);
  void watch(Link& link);
  void wait(Clock::time_point until);
  Clock::time_point next_event() const;
  void give_up(const char* code, const char* text);

  Run& run_;
  const std::size_t threads_;
  Descriptor epoll_;
  Descriptor timer_;
  Clock::time_point armed_;

  Connection::Traffic traffic_;
  Connection::Traffic traffic_at_warm_;
  bool warm_ = false;
  bool over_ = false;  // the time that is measured

  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Link*> touched_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Exchange*> idle_;  // open loop
  std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
  std::size_t next_link_ = 0;

  std::uint64_t next_arrival_;  // number, over all threads
  bool arrivals_over_ = false;
  std::deque<Clock::time_point> late_;  // open loop: due, and not begun
  bool stopping_ = false;
  bool exhausted_ = false;  // no ticket is left
  Clock::time_point next_sweep_;
  Clock::time_point last_answer_;

  LoadReport report_;
  std::atomic<std::uint64_t> active_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace aiges::client
