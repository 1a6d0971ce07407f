#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "buffer/owned_output.h"
#include "engine/engine.h"
#include "support/latch.h"

namespace aiges::test {

inline constexpr int kStatusBegin = 0;
inline constexpr int kStatusContinue = 1;

inline OutputItem item_of(std::string_view key, std::string_view bytes, int status = kStatusOnce) {
  OutputItem item;
  item.key = key;
  item.data = bytes.data();
  item.size = bytes.size();
  item.status = status;
  return item;
}
inline OutputPtr text_output(std::string_view key, std::string_view text,
                             int status = kStatusOnce) {
  const OwnedOutput::Source source{item_of(key, text, status), {}};
  return OwnedOutput::copy_of({&source, 1});
}
inline std::string_view bytes_of(const OutputItem& item) {
  return {static_cast<const char*>(item.data), item.size};
}
// The bytes of the first item; "(none)" when there is no output.
inline std::string text_of(const OutputPtr& output) {
  return output && !output->items().empty() ? std::string(bytes_of(output->items()[0])) : "(none)";
}
inline std::string text_of(const Result<OutputPtr>& result) {
  return result.ok() ? text_of(result.value()) : "error: " + result.status().message();
}

// How a call ended, in a word.
inline std::string kind_of(const Status& status) {
  if (status.ok()) return "ok";
  switch (status.kind()) {
    case ErrorKind::kLoad:
      return "load";
    case ErrorKind::kInit:
      return "init";
    case ErrorKind::kEngine:
      return "engine";
    case ErrorKind::kSession:
      return "session";
    case ErrorKind::kOverload:
      return "overload";
    case ErrorKind::kDeadline:
      return "deadline";
    case ErrorKind::kInvalidData:
      return "invalid data";
  }
  return "?";
}
template <class T>
std::string kind_of(const Result<T>& result) {
  return result.ok() ? "ok" : kind_of(result.status());
}

// An output that belongs to an engine, as that of wrapperExec does: it holds the engine open until
// it was given back on the reaper's thread.
class HeldOutput final : public Output, private Reapable {
 public:
  static OutputPtr make(std::shared_ptr<EngineContext> context, std::shared_ptr<Count> given_back,
                        std::string text) {
    context->output_made();
    return OutputPtr::adopt(
        new HeldOutput(std::move(context), std::move(given_back), std::move(text)));
  }

 private:
  HeldOutput(std::shared_ptr<EngineContext> context, std::shared_ptr<Count> given_back,
             std::string text)
      : context_(std::move(context)), given_back_(std::move(given_back)), text_(std::move(text)) {
    add_item(item_of("held", text_));
  }
  void dispose() noexcept override { context_->reap(this, text_.size()); }
  void reap() noexcept override {
    const std::shared_ptr<EngineContext> context = std::move(context_);
    const std::shared_ptr<Count> given_back = std::move(given_back_);
    delete this;
    given_back->add();
    context->output_gone();
  }

  std::shared_ptr<EngineContext> context_;
  std::shared_ptr<Count> given_back_;
  const std::string text_;
};

// What an engine hands to its callback.
class Answer final : public EngineContext::ResultMaker {
 public:
  explicit Answer(Result<OutputPtr> result) : result_(std::move(result)) {}
  Result<OutputPtr> make() override {
    ++made;
    return result_;
  }
  int made = 0;  // copies are to be made only for results that are wanted

 private:
  Result<OutputPtr> result_;
};

}  // namespace aiges::test
