#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { MOST_TEXT = 512 }; /* ten classes take under 250 bytes */

/* Everything an output consists of, so that one free() releases it. The item comes first: its
 * address, which the host has, is that of the block. */
struct answer {
  struct DataList item;
  struct ParamList desc[2];
  char text[MOST_TEXT];
};

/* The ABI has no const in its lists; the host does not write to them. */
static char kKey[] = "result";
static char kEncoding[] = "encoding";
static char kUtf8[] = "utf8";
static char kFormat[] = "format";
static char kJson[] = "json";

static size_t write_text(char* text, const struct ranking* ranking, int top) {
  int digit = ranking->digit[0];
  int at =
      snprintf(text, MOST_TEXT, "{\"result\": %d, \"msg\": \"识别结果为数字: %d\"", digit, digit);
  for (int i = 0; i < top; ++i) {
    at += snprintf(text + at, MOST_TEXT - (size_t)at, "%s[%d, %.4f]",
                   i == 0 ? ", \"top\": [" : ", ", ranking->digit[i], ranking->share[i]);
  }
  at += snprintf(text + at, MOST_TEXT - (size_t)at, top > 0 ? "]}" : "}");
  return (size_t)at;
}

pDataList answer_new(const struct ranking* ranking, int top) {
  struct answer* answer = calloc(1, sizeof *answer);
  if (answer == NULL) return NULL;
  answer->desc[0].key = kEncoding;
  answer->desc[0].value = kUtf8;
  answer->desc[0].vlen = sizeof kUtf8 - 1;
  answer->desc[0].next = &answer->desc[1];
  answer->desc[1].key = kFormat;
  answer->desc[1].value = kJson;
  answer->desc[1].vlen = sizeof kJson - 1;
  answer->item.key = kKey;
  answer->item.data = answer->text;
  answer->item.len = (unsigned)write_text(answer->text, ranking, top);
  answer->item.type = DataText;
  answer->item.status = DataOnce;
  answer->item.desc = answer->desc;
  return &answer->item;
}
