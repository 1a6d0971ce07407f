#include "abi/c_engine.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "session/session.h"
#include "support/c_engine_test.h"

namespace aiges::test {
namespace {

class CEngineEcho : public CEngineTest {
 protected:
  void SetUp() override { ASSERT_NE(load("echo", {{"model", "m.bin"}, {"n", "1"}}), nullptr); }
};

TEST_F(CEngineEcho, StartTellsWhatTheEngineSays) {
  EXPECT_EQ(host_->modes(), kAllModes);
  EXPECT_EQ(host_->version(), "echo 1.2.3");
  EXPECT_EQ(host_->schema(), "{\"title\": \"echo \xc3\xa9\"}");
  EXPECT_TRUE(host_->engine().has_resources());
  EXPECT_FALSE(host_->engine().can_cancel());
  EXPECT_EQ(probe_->count("init"), 1);
  EXPECT_EQ(probe_->count("set_ctrl"), 3) << "before init: TearDown looks at set_ctrl_late";
  EXPECT_EQ(text(Call{{"want", "config"}}), "model=m.bin/5\nn=1/1\n");
}

TEST_F(CEngineEcho, PayloadAndOutputAreNotCopied) {
  const std::string bytes(100'000, 'p');
  Result<OutputPtr> result = exec(Call().item("img", bytes));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(probe_->last_input(), bytes.data());
  ASSERT_EQ(result.value()->items().size(), 1U);
  const OutputItem& item = result.value()->items()[0];
  EXPECT_EQ(item.data, probe_->last_output());
  EXPECT_EQ(bytes_of(item), bytes);
  EXPECT_EQ(stat(&Stats::bytes_copied), 0U);
  EXPECT_EQ(stat(&Stats::bytes_in), bytes.size());
  EXPECT_EQ(stat(&Stats::bytes_out), bytes.size());
}

TEST_F(CEngineEcho, OutputIsFreedOnceAfterTheLastReferenceOnAnotherThread) {
  OutputPtr output = exec(Call().item("k", "bytes")).value();
  OutputPtr second = output;
  EXPECT_EQ(host_->gate().outputs(), 1U);
  output = OutputPtr();
  EXPECT_EQ(text_of(second), "bytes");
  EXPECT_EQ(probe_->count("exec_free"), 0);
  second = OutputPtr();
  ASSERT_TRUE(runtime_->reaper.flush(Deadline::after(kPatience)));
  EXPECT_EQ(probe_->count("exec_free"), 1);
  EXPECT_EQ(stat(&Stats::exec_free), 1U);
  EXPECT_NE(probe_->thread_of("exec_free"), ::syscall(SYS_gettid));
  EXPECT_EQ(host_->gate().outputs(), 0U);
}

TEST_F(CEngineEcho, OutputOutlivesTheHostAndPutsFiniOff) {
  OutputPtr output = exec(Call().item("k", "bytes")).value();
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(probe_->count("fini"), 0);
  EXPECT_EQ(text_of(output), "bytes");
  output = OutputPtr();
  EXPECT_TRUE(probe_->wait_for("fini", 1));
  EXPECT_EQ(probe_->count("exec_free"), 1);
}

TEST_F(CEngineEcho, EverythingOfAnItemComesBack) {
  const std::array<Pair, 2> desc{Pair{"w", "8"}, Pair{"bin", std::string_view("a\0b", 3)}};
  DataItem item;
  item.key = "k";
  item.data = "xyz";
  item.size = 3;
  item.type = 2;
  item.status = kStatusEnd;
  item.desc = desc;
  Request request;
  request.data = {&item, 1};
  const Result<OutputPtr> result = host_->exec(request, {});
  ASSERT_TRUE(result.ok());
  const OutputItem& echoed = result.value()->items()[0];
  EXPECT_EQ(echoed.key, "k");
  EXPECT_EQ(bytes_of(echoed), "xyz");
  EXPECT_EQ(echoed.type, 2);
  EXPECT_EQ(echoed.status, kStatusEnd);
  const auto pairs = result.value()->desc(echoed);
  ASSERT_EQ(pairs.size(), 2U);
  EXPECT_EQ(pairs[0].value, "8");
  EXPECT_EQ(pairs[1].value, std::string_view("a\0b", 3));
}

TEST_F(CEngineEcho, EngineAlwaysSeesASid) {
  const std::string tag = text(Call{{"want", "tag"}});
  EXPECT_TRUE(TagText::parse(tag.c_str()));
  const std::string params = text(Call{{"want", "params"}});
  EXPECT_NE(params.find("want=params/6\nsid="), std::string::npos) << params;
  EXPECT_EQ(text(Call{{"sid", "me"}, {"want", "params"}}), "sid=me/2\nwant=params/6\n");
  Call call{{"want", "params"}};
  Request request = call.request();
  request.session_id = "given";
  EXPECT_EQ(text_of(host_->exec(request, {})), "want=params/6\nsid=given/5\n");
}

TEST_F(CEngineEcho, FailureCarriesNumberAndText) {
  const Result<OutputPtr> result = exec(Call{{"fail", "21"}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(kind_of(result), "engine");
  EXPECT_EQ(result.status().code(), Code::kExec);
  EXPECT_EQ(result.status().engine_code(), 21);
  EXPECT_EQ(result.status().message(), "echo: asked to fail;code=21");
  EXPECT_EQ(probe_->count("exec_free"), 0) << "there was no output";
}

TEST_F(CEngineEcho, InputIsRefusedBeforeTheEngineSeesIt) {
  DataItem item;
  item.key = "huge";
  item.data = "x";
  item.size = std::size_t{1} << 32;
  Request request;
  request.data = {&item, 1};
  EXPECT_EQ(kind_of(host_->exec(request, {})), "invalid data");
  EXPECT_EQ(probe_->count("exec"), 0);
  const Outcome outcome;
  host_->exec_async(std::make_shared<Request>(request), Deadline::never(), outcome.completion());
  EXPECT_EQ(kind_of(outcome.wait()), "invalid data");
}

TEST_F(CEngineEcho, AsynchronousResultIsCopied) {
  const std::string bytes(1000, 'b');
  const Outcome outcome;
  host_->exec_async(Call().item("k", bytes).shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), bytes);
  EXPECT_TRUE(probe_->wait_for("callback_accepted", 1));
  EXPECT_EQ(stat(&Stats::bytes_copied), bytes.size());
  EXPECT_EQ(stat(&Stats::callbacks), 1U);
}

TEST_F(CEngineEcho, AsynchronousTimeoutReachesTheEngine) {
  const auto timeout = [this](Deadline deadline) {
    const Outcome outcome;
    host_->exec_async(Call{{"want", "timeout"}}.shared(), deadline, outcome.completion());
    return std::stol(text_of(outcome.wait()));
  };
  EXPECT_EQ(timeout(Deadline::never()), 0);
  const long minute = timeout(Deadline::after(std::chrono::minutes(1)));
  EXPECT_GT(minute, 50'000);
  EXPECT_LE(minute, 60'000);
  // The ABI's int ends at 24 days.
  EXPECT_EQ(timeout(Deadline::after(std::chrono::hours(30 * 24))), 2147483647);
}

TEST_F(CEngineEcho, StreamsEchoInBothKinds) {
  for (const Mode mode : {Mode::kStream, Mode::kStreamAsync}) {
    const auto session = Session::open(host_, Call{{"want", "tag"}}.request(), mode).value();
    for (const char* word : {"one", "two"}) {
      const Call call = Call().item("k", word, kStatusContinue);
      EXPECT_TRUE(session->write(call.request().data).ok());
      EXPECT_EQ(text_of(session->read(patient())), word);
    }
    const Call last = Call().item("k", "end", kStatusEnd);
    EXPECT_TRUE(session->write(last.request().data).ok());
    const Result<OutputPtr> result = session->read(patient());
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(result.value()->items().size(), 2U);
    EXPECT_EQ(bytes_of(result.value()->items()[1]), session->id());
    EXPECT_TRUE(session->done());
    EXPECT_EQ(session->debug_info().value(), "session " + session->id() + ": 3 writes");
    EXPECT_TRUE(session->close().ok());
  }
  EXPECT_EQ(probe_->count("create"), 2);
  EXPECT_EQ(probe_->count("destroy"), 2);
}

TEST_F(CEngineEcho, SessionResultsStayValidAfterTheNextRead) {
  const auto session = Session::open(host_, Call().request(), Mode::kStream).value();
  std::vector<OutputPtr> kept;
  for (const char* word : {"one", "two", "three"}) {
    const Call call = Call().item("k", word, kStatusContinue);
    EXPECT_TRUE(session->write(call.request().data).ok());
    kept.push_back(session->read(patient()).value());
  }
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(text_of(kept[0]) + text_of(kept[1]) + text_of(kept[2]), "onetwothree");
}

TEST_F(CEngineEcho, SessionFailures) {
  EXPECT_EQ(Session::open(host_, Call{{"fail_create", "21"}}.request(), Mode::kStream)
                .status()
                .engine_code(),
            21);
  EXPECT_EQ(probe_->count("destroy"), 0);
  const auto session =
      Session::open(host_, Call{{"fail_write", "22"}}.request(), Mode::kStream).value();
  const Status written = session->write(Call().item("k", "x").request().data);
  EXPECT_EQ(written.code(), Code::kWrite);
  EXPECT_EQ(written.engine_code(), 22);
  EXPECT_TRUE(session->close().ok());
  const auto other =
      Session::open(host_, Call{{"fail_read", "23"}}.request(), Mode::kStream).value();
  EXPECT_EQ(other->read({}).status().code(), Code::kRead);
  EXPECT_TRUE(other->close().ok());
}

TEST_F(CEngineEcho, ResourcesArePassedByTheirIds) {
  const std::uint32_t first = host_->load_resource({}).value();
  const std::uint32_t second = host_->load_resource({}).value();
  EXPECT_EQ(text(Call{{"want", "resources"}}.resources({second, first})), "2,1");
  EXPECT_EQ(text(Call{{"want", "resources"}}), "");
  EXPECT_TRUE(host_->unload_resource(first).ok());
  EXPECT_EQ(probe_->count("live_resources"), 1);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(probe_->count("live_resources"), 0) << "the close unloads what is left";
}

TEST_F(CEngineEcho, EventsCarryTheTag) {
  host_->events().listen(EngineContext::Event::kMeter, nullptr);
  host_->events().listen(EngineContext::Event::kTrace, nullptr);
  host_->events().listen(EngineContext::Event::kMetrics, nullptr);
  const std::string tag =
      text(Call{{"want", "tag"}, {"meter", "3"}, {"trace", "t"}, {"metrics", "m"}});
  const std::vector<EventLog::Event> events = host_->events().take();
  ASSERT_EQ(events.size(), 3U);
  for (const EventLog::Event& event : events) {
    EXPECT_EQ(event.tag, tag);
    EXPECT_EQ(event.key, "echo");
  }
  EXPECT_EQ(events[0].count, 3);
  EXPECT_EQ(events[1].value, "t");
  EXPECT_EQ(events[2].value, "m");
}

class CEngineLoading : public CEngineTest {};

TEST_F(CEngineLoading, AgainAfterTheClose) {
  for (int round = 1; round <= 3; ++round) {
    ASSERT_NE(load("once_only"), nullptr) << status_.message();
    EXPECT_EQ(text(Call().item("k", "v")), "v");
    EXPECT_TRUE(host_->close({}).ok());
    EXPECT_EQ(probe_->count("fini"), 1);
  }
}

TEST_F(CEngineLoading, TwiceAtOnceIsAnError) {
  ASSERT_NE(load("once_only"), nullptr);
  const auto second = CEngine::load(engine_path("once_only"), 0);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kRepeatedSession);
  EXPECT_EQ(text(Call().item("k", "v")), "v");
}

TEST_F(CEngineLoading, AgainAfterAFailedInit) {
  EXPECT_EQ(load("fails_init"), nullptr);
  EXPECT_EQ(kind_of(status_), "init");
  EXPECT_EQ(status_.code(), Code::kInit);
  EXPECT_EQ(status_.engine_code(), 42);
  EXPECT_EQ(status_.message(), "fails_init: the model is missing;code=42");
  EXPECT_EQ(probe_->count("fini"), 0);
  ASSERT_NE(load("fails_init", {{"code", "0"}}), nullptr) << status_.message();
}

TEST_F(CEngineLoading, NewerAbiIsRefused) {
  const auto engine = CEngine::load(engine_path("abi_too_new"), 0);
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.status().message().find("version 2"), std::string::npos)
      << engine.status().message();
}

TEST_F(CEngineLoading, AbsentModeIsALoadError) {
  const auto engine = CEngine::load(engine_path("once_only"), static_cast<ModeSet>(Mode::kStream));
  EXPECT_EQ(kind_of(engine), "load");
  EXPECT_TRUE(CEngine::load(engine_path("once_only"), 0).ok()) << "the library is free again";
}

TEST_F(CEngineLoading, EnginesOfOtherHeadersAndFewerParameters) {
  ASSERT_NE(load("own_headers"), nullptr);
  EXPECT_EQ(text(Call{{"a", "1"}}.item("k", "xyz")),
            "param a=1/1\ndata k 3 bytes type 4 status 3\n");
  EXPECT_TRUE(host_->close({}).ok());
  ASSERT_NE(load("fewer_params"), nullptr);
  EXPECT_EQ(text(Call()), "fewer parameters");
  const Outcome outcome;
  host_->exec_async(Call().shared(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "fewer parameters");
}

TEST_F(CEngineLoading, SameSymbolsSideBySide) {
  ASSERT_NE(load("same_symbols_a"), nullptr);
  EXPECT_EQ(text(Call()), "a1");
  const auto other = std::make_shared<EngineHost>(
      *runtime_, std::move(CEngine::load(engine_path("same_symbols_b"), 0).value()),
      EngineHost::Options{});
  ASSERT_TRUE(other->start({}).ok());
  EXPECT_EQ(text_of(other->exec({}, {})), "b1");
  EXPECT_EQ(text(Call()), "a2");
  EXPECT_TRUE(other->close({}).ok());
}

TEST_F(CEngineLoading, OptionalFunctionsMayBeAbsent) {
  ASSERT_NE(load("once_only"), nullptr);
  EXPECT_EQ(host_->version(), "");
  EXPECT_EQ(host_->schema(), std::nullopt);
  EXPECT_FALSE(host_->engine().has_resources());
  EXPECT_EQ(host_->load_resource({}).status().code(), Code::kLoadResource);
}

TEST_F(CEngineLoading, FiniErrorIsTold) {
  fini_fails_ = true;
  ASSERT_NE(load("fails_fini"), nullptr);
  EXPECT_EQ(host_->close({}).engine_code(), 17);
}

}  // namespace
}  // namespace aiges::test
