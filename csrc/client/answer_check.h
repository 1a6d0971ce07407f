#pragma once

#include <openssl/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "buffer/data_item.h"
#include "client/plan.h"

namespace aiges::client {

// Compares the answers of one unit of load with what the plan expects, as they arrive.
class AnswerCheck {
 public:
  // The plan outlives this object.
  explicit AnswerCheck(const LoadPlan& plan);
  ~AnswerCheck();

  void begin();
  void add(std::span<const DataItem> items);
  // After the last of them: what is wrong, or nothing.
  std::string finish();
  // By their stamps, nanoseconds.
  std::span<const std::int64_t> ages() const { return ages_; }

 private:
  struct State {
    const LoadPlan::Expected* expected;
    std::size_t seen = 0;  // bytes
    std::size_t items = 0;
    bool differs = false;
    std::size_t at = 0;  // where, if so
    EVP_MD_CTX* digest = nullptr;
  };
  void add_stamp(const DataItem& item);

  const LoadPlan& plan_;
  std::vector<State> states_;
  std::vector<std::int64_t> ages_;
};

}  // namespace aiges::client
