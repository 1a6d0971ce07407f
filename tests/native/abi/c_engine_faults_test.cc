#include <gtest/gtest.h>

#include "session/session.h"
#include "support/c_engine_test.h"
#include "support/leaks.h"

namespace aiges::test {
namespace {

// Engines that misbehave: what the host makes of it, and that the engine gets back what it gave.
class CEngineFaults : public CEngineTest {
 protected:
  // The output is refused; it is freed exactly once, or never when it has no end.
  void expect_bad_output(const Call& call, const char* in_message, bool lost = false) {
    const Result<OutputPtr> result = exec(call);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(kind_of(result), "engine");
    EXPECT_EQ(result.status().code(), Code::kInvalidOutput);
    EXPECT_NE(result.status().message().find(in_message), std::string::npos)
        << result.status().message();
    ASSERT_TRUE(runtime_->reaper.flush(Deadline::after(kPatience)));
    EXPECT_EQ(probe_->count("exec_free"), lost ? 0 : 1);
    EXPECT_EQ(stat(&Stats::exec_free), lost ? 0U : 1U);
    EXPECT_EQ(stat(&Stats::outputs_abandoned), lost ? 1U : 0U);
    EXPECT_EQ(stat(&Stats::failures), 1U);
    EXPECT_EQ(host_->gate().outputs(), 0U);
    if (lost) lost_lists_ = 1;
  }
};

TEST_F(CEngineFaults, NullKey) {
  load("null_key");
  expect_bad_output({}, "item 1 has no key");
}

TEST_F(CEngineFaults, NullDataWithLength) {
  load("null_data_with_length");
  expect_bad_output({}, "item 1 ('bad') claims 16 bytes");
}

TEST_F(CEngineFaults, ClaimsOfManyGibibytes) {
  load("claims_4gib");
  expect_bad_output({}, "'liar'");  // the first or the second, whatever lies 4 GiB further on
}

TEST_F(CEngineFaults, LyingLength) {
  load("lying_length");
  expect_bad_output({}, "not that long");
}

TEST_F(CEngineFaults, EmptyOutput) {
  load("empty_output");
  expect_bad_output({}, "has no key");
}

TEST_F(CEngineFaults, EndlessListsAreLostNotFreed) {
  const LostOnPurpose lost;
  load("endless_list");
  expect_bad_output({}, "65536", true);
}

TEST_F(CEngineFaults, CirclesAreLostNotFreed) {
  const LostOnPurpose lost;
  load("cyclic_list");
  expect_bad_output({}, "circle", true);
}

TEST_F(CEngineFaults, EndlessDescriptionsAreLostNotFreed) {
  const LostOnPurpose lost;
  load("bad_desc");
  expect_bad_output(Call{{"case", "cyclic"}}, "does not end", true);
}

TEST_F(CEngineFaults, DescriptionsWithHolesAreRead) {
  load("bad_desc");
  const auto pairs = [this](const char* fault) {
    const Result<OutputPtr> result = exec(Call{{"case", fault}});
    if (!result.ok()) return "error: " + result.status().message();
    std::string text;
    for (const Pair& pair : result.value()->desc(result.value()->items()[0]))
      text += std::string(pair.key) + "=" + std::string(pair.value) + " ";
    return text;
  };
  EXPECT_EQ(pairs("good"), "first=value second=value ");
  EXPECT_EQ(pairs("null_value"), "first= second=value ");
  EXPECT_EQ(pairs("null_value_with_length"), "first= second=value ");
  EXPECT_EQ(pairs("null_key"), "second=value ");
}

TEST_F(CEngineFaults, LongestListIsRead) {
  load("endless_list");
  const Result<OutputPtr> result = exec(Call{{"nodes", "65536"}});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result.value()->items().size(), 65'536U);
}

TEST_F(CEngineFaults, NullOutputIsNotFreed) {
  load("null_output");
  const Result<OutputPtr> result = exec({});
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("wrapper output data is nil"), std::string::npos);
  EXPECT_EQ(host_->gate().outputs(), 0U);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(probe_->count("exec_free"), 0);
}

TEST_F(CEngineFaults, OddButUsableOutputs) {
  load("zero_length");
  const Result<OutputPtr> empty = exec({});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty.value()->items().size(), 3U);
  EXPECT_EQ(empty.value()->bytes(), 0U);
  EXPECT_TRUE(host_->close({}).ok());

  OutputPtr repeated;
  load("duplicate_keys");
  repeated = exec({}).value();
  ASSERT_EQ(repeated->items().size(), 4U);
  EXPECT_EQ(bytes_of(repeated->items()[2]), "second");
}

TEST_F(CEngineFaults, NumbersOutsideTheEnumerations) {
  load("unknown_type");
  const Result<OutputPtr> result = exec(Call{{"type", "77"}, {"status", "-5"}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value()->items()[0].type, 77);
  EXPECT_EQ(result.value()->items()[0].status, -5);
}

TEST_F(CEngineFaults, ErrorTexts) {
  load("error_text_null");
  EXPECT_EQ(text({}), "error: ;code=5");
  EXPECT_TRUE(host_->close({}).ok());
  load("error_text_huge");
  const std::string message = exec({}).status().message();
  EXPECT_LT(message.size(), 70'000U);
  EXPECT_EQ(message.rfind("error_text_huge: xxx", 0), 0U);
  EXPECT_NE(message.find("(cut after 65536 bytes);code=6"), std::string::npos);
}

TEST_F(CEngineFaults, HandlesThatAreNone) {
  const auto create = [this](const char* name) {
    load(name);
    const auto session = Session::open(host_, Call().request(), Mode::kStream);
    EXPECT_FALSE(session.ok());
    EXPECT_TRUE(host_->close({}).ok());
    EXPECT_EQ(probe_->count("destroy"), 0) << name;
    return session.ok() ? "" : session.status().message();
  };
  EXPECT_EQ(create("null_handle_no_error"), "null_handle_no_error: no reason;code=0");
  EXPECT_EQ(create("null_handle_with_error"), "null_handle_with_error: full;code=23");
  EXPECT_EQ(create("handle_with_error"), "handle_with_error: half open;code=24");
}

TEST_F(CEngineFaults, DestroyThatFailsIsNotRepeated) {
  load("destroy_fails");
  const auto session = Session::open(host_, Call().request(), Mode::kStream).value();
  EXPECT_EQ(session->close().engine_code(), 25);
  EXPECT_TRUE(session->close().ok());  // the engine ends the process at a second wrapperDestroy
  EXPECT_EQ(probe_->count("destroy"), 1);
}

TEST_F(CEngineFaults, BadListsOfSessions) {
  load("read_bad_list");
  for (const char* fault : {"null_key", "null_data", "cyclic"}) {
    const auto session =
        Session::open(host_, Call{{"case", fault}}.request(), Mode::kStream).value();
    EXPECT_EQ(session->read({}).status().code(), Code::kInvalidOutput) << fault;
    EXPECT_TRUE(session->close().ok());
  }
}

TEST_F(CEngineFaults, BadListsOfCallbacks) {
  load("callback_bad_list");
  for (const char* fault : {"null", "null_key", "null_data", "cyclic"}) {
    const Outcome outcome;
    host_->exec_async(Call{{"case", fault}}.shared(), Deadline::never(), outcome.completion());
    const Result<OutputPtr> result = outcome.wait();
    ASSERT_FALSE(result.ok()) << fault;
    EXPECT_EQ(result.status().code(), Code::kInvalidOutput) << fault;
  }
  const Outcome outcome;
  host_->exec_async(Call().shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "data!");
}

TEST_F(CEngineFaults, ListBesideAnErrorIsNotLookedAt) {
  load("callback_with_error");
  const Outcome outcome;
  host_->exec_async(Call().shared(), Deadline::never(), outcome.completion());
  const Status status = outcome.wait().status();
  EXPECT_EQ(status.code(), Code::kCallback);
  EXPECT_EQ(status.message(), "callback_with_error: the model refused;code=33");
}

// ---- callbacks at the wrong time
// -----------------------------------------------------------------

TEST_F(CEngineFaults, DoubleCallback) {
  load("double_callback");
  const Outcome outcome;
  host_->exec_async(Call().item("k", "first").shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "first");
  ASSERT_TRUE(probe_->wait_for("live_threads", 0, 0));
  EXPECT_EQ(probe_->count("callback_accepted"), 1);
  EXPECT_EQ(probe_->count("callback_refused"), 1);
  EXPECT_EQ(strays(), "0 1 0");
  EXPECT_EQ(outcome.times(), 1);
}

TEST_F(CEngineFaults, RacingCallbacks) {
  load("racing_callbacks");
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    const Outcome outcome;
    host_->exec_async(Call().item("k", "v").shared(), Deadline::never(), outcome.completion());
    EXPECT_EQ(text_of(outcome.wait()), "v");
  }
  ASSERT_TRUE(probe_->wait_for("live_threads", 0, 0));
  EXPECT_EQ(probe_->count("callback_accepted"), kRounds);
  EXPECT_EQ(probe_->count("callback_refused"), 3 * kRounds);
  EXPECT_EQ(strays(), "0 " + std::to_string(3 * kRounds) + " 0");
}

TEST_F(CEngineFaults, LateCallback) {
  for (const char* tag : {"copy", "original"}) {
    load("late_callback", {{"tag", tag}});
    const Outcome outcome;
    host_->exec_async(Call().item("k", "v").shared(), Deadline::after(kSoon), outcome.completion());
    EXPECT_EQ(kind_of(outcome.wait()), "deadline");
    ASSERT_TRUE(probe_->wait_for("waiting", 1));
    probe_->release(1);
    ASSERT_TRUE(probe_->wait_for("callback_refused", 1));
    EXPECT_EQ(strays(), "1 0 0") << tag;
    EXPECT_EQ(outcome.times(), 1);
    EXPECT_TRUE(host_->close({}).ok());
  }
}

TEST_F(CEngineFaults, NeverCallsBack) {
  load("never_calls_back");
  const Outcome outcome;
  host_->exec_async(Call().shared(), Deadline::after(kSoon), outcome.completion());
  EXPECT_EQ(kind_of(outcome.wait()), "deadline");
  EXPECT_TRUE(probe_->wait_for("cancel", 1)) << "the engine is told";
  EXPECT_EQ(kind_of(host_->exec_waiting(Call().shared(), within(kSoon))), "deadline");
  EXPECT_TRUE(probe_->wait_for("cancel", 2));
  EXPECT_TRUE(host_->close(patient()).ok());
}

TEST_F(CEngineFaults, CallbackBeforeTheCallReturned) {
  load("callback_before_return");
  const Outcome outcome;
  host_->exec_async(Call{{"ret", "7"}}.item("k", "v").shared(), Deadline::never(),
                    outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "v");
  EXPECT_EQ(outcome.times(), 1);
}

TEST_F(CEngineFaults, UnknownTags) {
  load("callback_unknown_tag");
  const Outcome outcome;
  host_->exec_async(Call().item("k", "v").shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "v");
  EXPECT_EQ(strays(), "0 0 3");
}

TEST_F(CEngineFaults, CallbackAfterTheFinalResultOfASession) {
  load("callback_after_final");
  const auto session = Session::open(host_, Call().request(), Mode::kStreamAsync).value();
  EXPECT_TRUE(session->write(Call().item("k", "v", kStatusEnd).request().data).ok());
  EXPECT_EQ(text_of(session->read({})), "v");
  EXPECT_EQ(text_of(session->read({})), "(none)");
  EXPECT_EQ(strays(), "0 1 0");
  EXPECT_TRUE(session->close().ok());
}

TEST_F(CEngineFaults, CallbackAfterDestroy) {
  load("callback_after_destroy");
  const auto session = Session::open(host_, Call().request(), Mode::kStreamAsync).value();
  EXPECT_TRUE(session->write(Call().item("k", "v").request().data).ok());
  ASSERT_TRUE(probe_->wait_for("waiting", 1));
  EXPECT_TRUE(session->close().ok());
  probe_->release(1);
  ASSERT_TRUE(probe_->wait_for("callback_refused", 1));
  EXPECT_EQ(strays(), "1 0 0");
}

TEST_F(CEngineFaults, ThreadsThatOutliveFini) {
  load("threads_outlive_fini");
  const Outcome outcome;
  host_->exec_async(Call().item("k", "v").shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "v");
  ASSERT_TRUE(probe_->wait_for("waiting", 1));
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(probe_->count("fini"), 1);
  const std::shared_ptr<EngineHost> host = std::exchange(host_, nullptr);
  probe_->release(1);
  ASSERT_TRUE(probe_->wait_for("event_refused", 1)) << "after fini it must hear -1";
  ASSERT_TRUE(probe_->wait_for("live_threads", 0, 0));
  EXPECT_EQ(probe_->count("callback_refused"), 1);
  EXPECT_EQ(host->stats().callbacks_double.load(), 1U);
}

// ---- exceptions
// ----------------------------------------------------------------------------------

class CEngineThrows : public CEngineTest {
 protected:
  static void expect_thrown(const Status& status, Code code, const char* where) {
    ASSERT_FALSE(status.ok()) << where;
    EXPECT_EQ(status.code(), code) << where;
    EXPECT_NE(status.message().find("threw a C++ exception"), std::string::npos)
        << status.message();
    EXPECT_NE(status.message().find(where), std::string::npos) << status.message();
  }
};

TEST_F(CEngineThrows, FromInit) {
  EXPECT_EQ(load("throws", {{"throw", "init"}}), nullptr);
  expect_thrown(status_, Code::kInit, "thrown from init");
  EXPECT_EQ(kind_of(status_), "init");
  EXPECT_EQ(load("throws", {{"throw", "init"}, {"what", "int"}}), nullptr);
  expect_thrown(status_, Code::kInit, "not a std::exception");
}

TEST_F(CEngineThrows, FromCalls) {
  ASSERT_NE(load("throws"), nullptr);
  expect_thrown(exec(Call{{"throw", "exec"}}).status(), Code::kExec, "thrown from exec");
  const Outcome outcome;
  host_->exec_async(Call{{"throw", "exec_async"}}.shared(), Deadline::never(),
                    outcome.completion());
  expect_thrown(outcome.wait().status(), Code::kExec, "thrown from exec_async");
  expect_thrown(Session::open(host_, Call{{"throw", "create"}}.request(), Mode::kStream).status(),
                Code::kCreate, "thrown from create");
  EXPECT_EQ(text(Call().item("k", "fine")), "fine") << "the engine goes on";
}

TEST_F(CEngineThrows, FromSessions) {
  ASSERT_NE(load("throws"), nullptr);
  const auto open = [this](const char* where) {
    return Session::open(host_, Call{{"throw", where}}.request(), Mode::kStream).value();
  };
  const auto writes = open("write");
  expect_thrown(writes->write(Call().item("k", "v").request().data), Code::kWrite,
                "thrown from write");
  EXPECT_TRUE(writes->close().ok());
  const auto reads = open("read");
  expect_thrown(reads->read({}).status(), Code::kRead, "thrown from read");
  EXPECT_TRUE(reads->close().ok());
  const auto informs = open("debug_info");
  EXPECT_EQ(informs->debug_info().value(), "");
  EXPECT_TRUE(informs->close().ok());
  expect_thrown(open("destroy")->close(), Code::kDestroy, "thrown from destroy");
}

TEST_F(CEngineThrows, FromResources) {
  ASSERT_NE(load("throws", {{"throw", "load_res"}}), nullptr);
  expect_thrown(host_->load_resource({}).status(), Code::kLoadResource, "thrown from load_res");
  EXPECT_TRUE(host_->close({}).ok());
  ASSERT_NE(load("throws", {{"throw", "unload_res"}}), nullptr);
  const std::uint32_t id = host_->load_resource({}).value();
  expect_thrown(host_->unload_resource(id), Code::kUnloadResource, "thrown from unload_res");
}

TEST_F(CEngineThrows, FromErrorAndVersion) {
  ASSERT_NE(load("throws", {{"throw", "error"}}), nullptr);
  const Status status = exec({}).status();
  EXPECT_EQ(status.engine_code(), 8);
  EXPECT_NE(status.message().find("thrown from error"), std::string::npos) << status.message();
  EXPECT_TRUE(host_->close({}).ok());
  ASSERT_NE(load("throws", {{"throw", "version"}}), nullptr);
  EXPECT_EQ(host_->version(), "");
}

TEST_F(CEngineThrows, FromExecFree) {
  ASSERT_NE(load("throws", {{"throw", "exec_free"}}), nullptr);
  EXPECT_EQ(text(Call().item("k", "v")), "v");
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(probe_->count("exec_free"), 1);
}

TEST_F(CEngineThrows, FromFini) {
  fini_fails_ = true;
  ASSERT_NE(load("throws", {{"throw", "fini"}}), nullptr);
  expect_thrown(host_->close({}), Code::kFini, "thrown from fini");
}

// ---- cancelling, and freeing that takes its time
// -------------------------------------------------

TEST_F(CEngineFaults, ExpiredCallIsCancelled) {
  load("latch");
  EXPECT_EQ(kind_of(host_->exec_waiting(Call().shared(), within(kSoon))), "deadline");
  EXPECT_TRUE(probe_->wait_for("cancelled", 1));
  EXPECT_TRUE(probe_->wait_for("waiting", 0, 0));
}

TEST_F(CEngineFaults, CloseWaitsForSlowFree) {
  load("slow_free");
  EXPECT_EQ(text(Call().item("k", "v")), "v");
  ASSERT_TRUE(probe_->wait_for("waiting", 1));
  EXPECT_EQ(kind_of(host_->close(within(kSoon))), "deadline");
  EXPECT_EQ(probe_->count("fini"), 0);
  probe_->release(-1);
  EXPECT_TRUE(probe_->wait_for("fini", 1));
  EXPECT_EQ(probe_->count("exec_free"), 1);
  probe_->release(0);
}

}  // namespace
}  // namespace aiges::test
