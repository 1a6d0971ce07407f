#include "client/answer_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace aiges::client {

AnswerCheck::AnswerCheck(const LoadPlan& plan) : plan_(plan) {
  for (const LoadPlan::Expected& expected : plan.expected) {
    states_.push_back({&expected});
    if (!expected.sha256.empty()) states_.back().digest = EVP_MD_CTX_new();
  }
}

AnswerCheck::~AnswerCheck() {
  for (const State& state : states_) EVP_MD_CTX_free(state.digest);
}

void AnswerCheck::begin() {
  for (State& state : states_) {
    state.seen = state.items = state.at = 0;
    state.differs = false;
    if (state.digest) EVP_DigestInit_ex(state.digest, EVP_sha256(), nullptr);
  }
  ages_.clear();
}

void AnswerCheck::add(std::span<const DataItem> items) {
  for (const DataItem& item : items) {
    if (!plan_.stamp_key.empty() && item.key == plan_.stamp_key) add_stamp(item);
    for (State& state : states_) {
      if (state.expected->key != item.key) continue;
      ++state.items;
      if (state.digest) {
        EVP_DigestUpdate(state.digest, item.data, item.size);
      } else if (!state.differs) {
        const std::string_view all = state.expected->bytes;
        const std::string_view rest = all.substr(std::min(state.seen, all.size()));
        const std::size_t common = std::min(rest.size(), item.size);
        const bool same = common == item.size &&
                          (common == 0 || std::memcmp(rest.data(), item.data, common) == 0);
        if (!same) {
          const auto* bytes = static_cast<const char*>(item.data);
          state.differs = true;
          state.at = state.seen +
                     static_cast<std::size_t>(
                         std::mismatch(rest.begin(),
                                       rest.begin() + static_cast<std::ptrdiff_t>(common), bytes)
                             .first -
                         rest.begin());
        }
      }
      state.seen += item.size;
    }
  }
}

void AnswerCheck::add_stamp(const DataItem& item) {
  std::int64_t made = 0;
  if (item.size != sizeof(made)) return;
  std::memcpy(&made, item.data, sizeof(made));
  ages_.push_back(std::chrono::nanoseconds(Clock::now().time_since_epoch()).count() - made);
}

std::string AnswerCheck::finish() {
  for (State& state : states_) {
    const std::string key = "'" + state.expected->key + "'";
    if (state.items == 0) return "no item " + key + " in the answer";
    if (state.digest) {
      std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
      unsigned size = 0;
      EVP_DigestFinal_ex(state.digest, hash.data(), &size);
      if (state.expected->sha256 != std::string_view(reinterpret_cast<char*>(hash.data()), size))
        return "item " + key + " has another SHA-256 than expected";
    } else if (state.differs) {
      return "item " + key + " differs from what was expected at byte " + std::to_string(state.at);
    } else if (state.seen != state.expected->bytes.size()) {
      return "item " + key + " has " + std::to_string(state.seen) + " bytes instead of " +
             std::to_string(state.expected->bytes.size());
    }
  }
  return {};
}

}  // namespace aiges::client
