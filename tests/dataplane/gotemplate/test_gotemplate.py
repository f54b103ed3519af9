"""Templates give what Go's text/template gives with Docker's functions. The right-hand sides were printed by docker 28.2; where
such a client is installed, it is asked again."""

import json

import pytest

from dataplane.gotemplate import Row, Template, TemplateError
from tests.dataplane.cli.recorder import newest_docker, recording, run_docker

DATA = {
    "Name": "web",
    "Empty": "",
    "Nothing": None,
    "Count": 3,
    "Zero": 0,
    "On": True,
    "Off": False,
    "Words": ["b", "a"],
    "None": [],
    "Labels": {"z.y": "1", "a": "2"},
    "Deep": {"Er": [{"X": 1}, {"X": 2}]},
}

TEMPLATES = {
    "{{.Name}}": "web",
    "a{{.Name}}b": "awebb",
    "{{ .Name -}}  \n x": "webx",
    "x \n {{- .Name}}": "xweb",
    "x{{/* no */}}y": "xy",
    "x {{- /* no */ -}} y": "xy",
    "{{.Nothing}}": "<no value>",
    "{{.On}} {{.Off}} {{.Count}}": "true false 3",
    "{{.Words}} {{.None}} {{.Labels}}": "[b a] [] map[a:2 z.y:1]",
    "{{.Deep.Er}}": "[map[X:1] map[X:2]]",
    "{{json .Words}} {{json .Labels}} {{json .Name}}": '["b","a"] {"a":"2","z.y":"1"} "web"',
    "{{json .Nothing}}": "null",
    '{{json "<&>"}}': '"<&>"',
    "{{range .Words}}[{{.}}]{{end}}": "[b][a]",
    "{{range .None}}x{{else}}none{{end}}": "none",
    "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}": "a=2;z.y=1;",
    "{{range $v := .Words}}{{$v}}{{end}}": "ba",
    "{{range $i, $v := .Words}}{{$i}}{{$v}}{{end}}": "0b1a",
    "{{range .Deep.Er}}{{.X}}{{$.Name}}{{end}}": "1web2web",
    "{{range 3}}{{.}}{{end}}": "012",
    "{{if .On}}y{{else}}n{{end}}{{if .Off}}y{{else}}n{{end}}": "yn",
    "{{if .Zero}}1{{else if .Empty}}2{{else if .Name}}3{{else}}4{{end}}": "3",
    "{{if not .Empty}}empty{{end}}": "empty",
    "{{with .Name}}{{.}}{{end}}{{with .Empty}}x{{else}}none{{end}}": "webnone",
    "{{with .Empty}}x{{else with .Name}}{{.}}{{end}}": "web",
    "{{with $x := .Name}}{{$x}}{{end}}": "web",
    "{{$x := .Name}}{{$x}}{{$x = .Count}}{{$x}}": "web3",
    "{{$x := 1}}{{range .Words}}{{$x = .}}{{end}}{{$x}}": "a",
    '{{index .Labels "z.y"}} {{index .Words 1}} {{(index .Deep.Er 1).X}}': "1 a 2",
    '{{index .Labels "none"}}|{{len .Words}}{{len .Name}}{{len .Labels}}': "<no value>|232",
    '{{upper .Name}} {{lower "AbC"}} {{title "hello big world"}}': "WEB abc Hello Big World",
    '{{join .Words ", "}} {{split "a:b:c" ":"}}': "b, a [a b c]",
    '{{pad .Name 1 2}}|{{pad "" 1 2}}|{{truncate "abcdef" 3}}|{{truncate "ab" 3}}': " web  ||abc|ab",
    '{{.Name | upper | printf "%s-%s" "x"}}': "x-WEB",
    '{{printf "%d %5d|%-5s|%5s|%q|%v|%t|%%" .Count 7 "ab" "cd" "q" .Words true}}': '3     7|ab   |   cd|"q"|[b a]|true|%',
    '{{printf "%.2f %x %X %03d" 1.5 255 255 7}}': "1.50 ff FF 007",
    '{{printf "%s"}}|{{printf "%d" "x"}}|{{printf "x" 1}}': "%!s(MISSING)|%!d(string=x)|x%!(EXTRA int=1)",
    '{{print 1 2 "x" 3}}': "1 2x3",
    '{{println "a" 1}}x': "a 1\nx",
    '{{eq .Name "web"}} {{eq .Name "a" "web"}} {{ne .Count 3}}': "true true false",
    "{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}": "true true false false",
    '{{eq .Count 3}} {{and .On .Name}} {{and .Off .Name}} {{or .Empty "x"}} {{or .Off .Zero}}': "true web false x 0",
    "{{and .Off (index .Words 9)}}": "false",
    '{{slice "abcdef" 1 3}} {{slice .Words 1}}': "bc [a]",
    '{{"quoted\\tand `x`"}} {{`raw\\t`}}': "quoted\tand `x` raw\\t",
    "{{1.5}} {{1e3}} {{0x10}} {{'a'}} {{true}}": "1.5 1000 16 97 true",
    "{{(.Deep).Er}}": "[map[X:1] map[X:2]]",
    "{{$.Deep.Er | len}}": "2",
    "{{if and (eq .Count 3) (or .Off .On)}}both{{end}}": "both",
}

WRONG = {
    "{{.Deep.Er.X}}": 'template: :1:7: executing "" at <.Deep.Er.X>: can\'t evaluate field X in type interface {}',
    "{{.Nothing.X}}": 'template: :1:10: executing "" at <.Nothing.X>: nil pointer evaluating interface {}.X',
    "{{.Name 1}}": 'template: :1:2: executing "" at <.Name>: Name is not a method but has arguments',
    "{{join .Name}}": 'template: :1:2: executing "" at <join>: wrong number of args for join: want 2 got 1',
    "{{range .On}}{{end}}": 'template: :1:8: executing "" at <.On>: range can\'t iterate over true',
    "{{range .Words}}{{else}}{{else}}{{end}}": "template: :1: expected end; found {{else}}",
    "{{if}}x{{end}}": "template: :1: missing value for if",
    '{{"a"b}}': 'template: :1: unexpected "b" in operand',
    "{{.Name}.}}": "template: :1: bad character U+007D '}'",
    "{{(.Name}}": "template: :1: unclosed left paren",
    "{{.Name)}}": "template: :1: unexpected right paren",
    "{{\n\n.NoSuch}}": 'template: :3:0: executing "" at <.NoSuch>: map has no entry for key "NoSuch"',
    "{{index .Nothing 1}}": 'template: :1:2: executing "" at <index .Nothing 1>: error calling index: index of untyped nil',
    "{{.Name": "template: :1: unclosed action",
    "{{nosuch .Name}}": 'template: :1: function "nosuch" not defined',
    "{{if .On}}x": "template: :1: unexpected EOF",
    "{{end}}": "template: :1: unexpected {{end}}",
    "{{$x}}": 'template: :1: undefined variable "$x"',
    "{{}}": "template: :1: missing value for command",
    "{{.Name | 1}}": "template: :1: non executable command in pipeline stage 2",
    '{{"abc}}': "template: :1: unterminated quoted string",
    "{{.NoSuch}}": 'template: :1:2: executing "" at <.NoSuch>: map has no entry for key "NoSuch"',
    "{{.Name.X}}": 'template: :1:7: executing "" at <.Name.X>: can\'t evaluate field X in type interface {}',
    "ab {{.Deep.NoSuch}}": 'template: :1:10: executing "" at <.Deep.NoSuch>: map has no entry for key "NoSuch"',
    "{{index .Words 9}}": 'template: :1:2: executing "" at <index .Words 9>: error calling index: index out of range: 9',
    "{{eq .Name 1}}": 'template: :1:2: executing "" at <eq .Name 1>: error calling eq: incompatible types for comparison',
}


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_a_template_prints(text):
    assert Template(text).render(DATA) == TEMPLATES[text]


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_template_is_explained_in_gos_words(text):
    with pytest.raises(TemplateError) as error:
        Template(text).render(DATA)
    assert str(error.value) == WRONG[text]


def test_docker_prints_the_same(tmp_path):
    """`docker inspect` executes templates on raw JSON where its own types have no such field; these have not."""
    program = newest_docker()
    with recording(tmp_path, **{"GET /containers/x/json": DATA}) as recorder:
        for text, printed in TEMPLATES.items():
            said = run_docker(
                program,
                "inspect",
                "--type=container",
                "-f",
                "{{/* .NoSuchFieldOfGo */}}" + text,
                "x",
                host=recorder.host,
                home=tmp_path,
            )
            if said.returncode == 0 and "Count" not in text and "Zero" not in text:  # raw JSON's numbers are texts to Go
                assert said.stdout == printed + "\n", text
        for text, words in WRONG.items():
            said = run_docker(program, "inspect", "--type=container", "-f", text, "x", host=recorder.host, home=tmp_path)
            assert said.stderr.strip() == f"template parsing error: {words}"


def test_a_row_has_fields_and_functions():
    row = Row("*formatter.ContainerContext", {"ID": "12", "Label": lambda name: {"a": "b"}.get(name, ""), "Names": "x"})
    assert Template('{{.ID}} {{.Label "a"}}{{.Label "none"}}').render(row) == "12 b"
    assert Template("{{json .}}").render(row) == '{"ID":"12","Names":"x"}'
    with pytest.raises(TemplateError, match=r"can't evaluate field Nothing in type \*formatter.ContainerContext"):
        Template("{{.Nothing}}").render(row)


def test_a_heading_is_left_alone_by_dockers_functions():
    assert Template("{{upper .Name}} {{json .ID}}").render({"Name": "Name", "ID": "ID"}, headings=True) == "Name ID"


def test_json_of_numbers_and_text_beyond_ascii():
    assert Template("{{json .}}").render({"é": 1.5}) == json.dumps({"é": 1.5}, ensure_ascii=False, separators=(",", ":"))
