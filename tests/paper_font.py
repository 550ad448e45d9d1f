"""Makes the font of the printed forms: python -m tests.paper_font

Takes Noto Sans SC (SIL Open Font License) out of an npm package, keeps the characters that forms need, and writes the
font and its licence beside the code. Needs npm; the characters are chosen here.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from pathlib import Path

from notifications.paper.font import FILE

PACKAGE = "@expo-google-fonts/noto-sans-sc@0.4.3"
FACE = "package/400Regular/NotoSansSC_400Regular.ttf"
LICENCE = "package/LICENSE_FONT"
SYMBOLS = "✓−–—…“”‘’≈≤≥①②③№〓"
OF_NAMES = (
    "昇堃喆翀玥垚犇骉珺瑄璟玟昀旸晞暐曈炅炘烜烨焜煊熠珅珩珮琤琮琬瑀瑢璐璠璟璘璞祎禤翊翙翥芃苡茜荃菡萱葳蓁蔺薇藜镕镠钰铖铭锜锳锟"
    "錡鎏鋆鑫頔颀颢骐骞骢鹍鹏麒麟龑淏淯湜湲滢漪潇澍澎濛瀚炜玎玘玙玠玥玫玹珈珏珂珑珞珣琀琇琛琦琨琪琰琲瑆瑭璇璎璥甯畋皓盺睿矞祐祜祺禛"
    "竑筠筱箐粲綦縠纮绂绮缑羿翾聿舸艺芊芮苒苓茉莀菀萌蓓蕙薰虔衎裎褀觐誉诣诩谌谡谞贇赟轩迦邈郗郢郯鄢酆醴钊钧铎锴镝闫阗陟隽雎雯霁霈霏霖靓靖"
    "鞠韫韬颉颖馥馨驷骅髙髦鲲鸢鸾黎黻啟喆吉嘢坤垲埜墉夔夘妤妧妫妭姞姣姝娅娉娴婧婵媛嫄嫣嬅孖孜宓宥寔屾岐岚峣峥崐崟嵘嵩巍帼庹廙弢彧彣彤徕忞怡恺悫惇愔慜懿戬扆旻旼"
    "昉昕昫晁晏晗晟晢暄暎朦杺杼柠栩桢桦梓梵棋棣楠榕槿樾橦欣欤毓汐沄沅沚泓洧洺浔浚涵淇淙淦淼渼溁溯滟煦爰爻牧牮犨猷玑玢"
)
"""Characters that stand in names; many are not in GB 2312, the others do no harm."""


def gb_2312() -> set[str]:
    """All characters of GB 2312, both levels and the symbols."""
    pairs = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {character for pair in pairs for character in pair.decode("gb2312", "ignore")}


def wanted() -> set[str]:
    """All characters that the font holds: GB 2312, ASCII, Latin-1, the symbols of our words, and those of names."""
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))}
    return gb_2312() | latin | set(SYMBOLS) | set(OF_NAMES)


def fetched(folder: Path) -> tuple[Path, str]:
    """The whole font and its licence, as the package has them."""
    done = subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(folder / done.stdout.strip()) as archive:
        archive.extractall(folder, filter="data")
    return folder / FACE, (folder / LICENCE).read_text("utf-8")


def cut(face: Path, characters: set[str], target: Path) -> None:
    """Write a font of these characters: outlines and widths alone, which is all that a PDF embeds."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(hinting=False, layout_features=[], notdef_outline=True, name_IDs=[*range(7), 13, 14])
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "gasp", "vhea", "vmtx"]
    font = load_font(str(face), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(character) for character in characters])
    subsetter.subset(font)
    save_font(font, str(target), options)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        face, licence = fetched(Path(folder))
        cut(face, wanted(), FILE)
    FILE.with_name("OFL.txt").write_text(licence, "utf-8")
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
