#include "session/handle.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace aiges {
namespace {

AdvertisedAddress address(std::string_view ip = "10.1.2.254", std::uint16_t port = 5090) {
  return AdvertisedAddress::parse(ip, port).value();
}

TEST(Handle, CarriesTheAddressWhereClientsLookForIt) {
  HandleMinter minter(address());
  const std::string handle = minter.mint();
  ASSERT_EQ(handle.size(), 26U);
  EXPECT_EQ(handle.substr(0, 13),
            "0"
            "0a0102fe"
            "13e2");
  const auto parts = parse_handle(handle);
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->ipv4, 0x0a0102feU);
  EXPECT_EQ(parts->port, 5090U);
  EXPECT_LT(parts->seconds, 60U);
  EXPECT_EQ(minter.address().text(), "10.1.2.254:5090");
}

TEST(Handle, IsNeverGivenOutTwice) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  HandleMinter minter(address());
  std::vector<std::vector<std::string>> made(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : made)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) mine.push_back(minter.mint());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), std::size_t{kThreads} * kEach);
}

TEST(Handle, ParseRefusesWhatIsNone) {
  const std::string good = "00a0102fe13e20000010000002";
  ASSERT_TRUE(parse_handle(good).has_value());
  EXPECT_EQ(parse_handle(good)->counter, 1U);
  EXPECT_EQ(parse_handle(good)->seconds, 2U);
  EXPECT_FALSE(parse_handle("").has_value());
  EXPECT_FALSE(parse_handle(good.substr(1)).has_value());
  EXPECT_FALSE(parse_handle(good + "0").has_value());
  EXPECT_FALSE(parse_handle("1" + good.substr(1)).has_value());
  EXPECT_FALSE(parse_handle("0xa0102fe13e20000010000002").has_value());
  EXPECT_FALSE(parse_handle("00a0102fe13e2000001-000002").has_value());
}

TEST(AdvertisedAddress, IsNeverOneThatNobodyCanDial) {
  for (const char* bad : {"0.0.0.0", "", "10.1.2", "10.1.2.3.4", "10.1.2.256", "10.1.2.3 ", "::1",
                          "10..2.3", "-1.1.2.3", "host"}) {
    const auto parsed = AdvertisedAddress::parse(bad, 5090);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(parsed.status().code(), Code::kInvalidData);
  }
  EXPECT_FALSE(AdvertisedAddress::parse("10.1.2.3", 0).ok());
  EXPECT_EQ(address("127.0.0.1", 1).text(), "127.0.0.1:1");
}

}  // namespace
}  // namespace aiges
